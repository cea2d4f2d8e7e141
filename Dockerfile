# The app in a container: CPU wheels, or CUDA's by `--build-arg TORCH=cu130` (a folder of
# download.pytorch.org/whl). Runs and data lie in volumes; nothing else is written.
FROM python:3.12-slim-bookworm

ARG TORCH=cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

# A user of its own; 1000 is the one that Hugging Face Spaces expect.
RUN useradd --create-home --uid 1000 cnn \
    && install --directory --owner cnn /volumes/runs /volumes/data

WORKDIR /app
COPY requirements.txt .
# The pair from PyTorch's own index first: the registry's brings 5 GB of CUDA libraries.
RUN pip install --index-url "https://download.pytorch.org/whl/${TORCH}" "torch>=2.11" "torchvision>=0.26" \
    && pip install --requirement requirements.txt

COPY app.py ./
COPY .streamlit/ .streamlit/
COPY cnn/ cnn/
COPY ui/ ui/
COPY pages/ pages/
COPY static/ static/
COPY examples/ examples/

USER 1000
# What trains ends with the container: each run keeps the state of its last step (CNN_END_RUNS).
ENV CNN_RUNS_DIR=/volumes/runs CNN_DATA_DIR=/volumes/data CNN_END_RUNS=1 CNN_LOG=json \
    STREAMLIT_SERVER_HEADLESS=true STREAMLIT_SERVER_ADDRESS=0.0.0.0 STREAMLIT_SERVER_PORT=8501
VOLUME ["/volumes/runs", "/volumes/data"]
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['STREAMLIT_SERVER_PORT']}/_stcore/health\", timeout=4)"]

CMD ["streamlit", "run", "app.py"]
