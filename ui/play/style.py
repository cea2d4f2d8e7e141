"""What Play needs to fit one screen: less space between its parts, small labels."""

CSS = """
<style>
.block-container { padding-top: 2.2rem; padding-bottom: 1rem; max-width: 1500px; }
[data-testid="stMainBlockContainer"] > [data-testid="stVerticalBlock"] { gap: 0.6rem; }
.st-key-play_words h1 { font-size: 1.15rem; padding: 0; }
.st-key-play_bar { row-gap: 0.3rem; }
.st-key-play_bar label, .st-key-play_knobs label { min-height: 1.2rem; }
.st-key-play_knobs { gap: 0.35rem; }
.st-key-play_data { gap: 0.35rem; margin-top: 0.6rem; }
.st-key-play_dares button p { white-space: normal; text-align: left; }
@keyframes play-pulse { 50% { box-shadow: 0 0 0 7px transparent; } }
.st-key-play_train button { box-shadow: 0 0 0 0 var(--st-primary-color, #b03a0b);
  animation: play-pulse 1.6s ease-out 6; }
@media (max-width: 640px) {
  .block-container { padding-top: 4.2rem; }
  /* One below the other: how far it is, the scores, what goes in, maps, curves, and what can be
     turned. The boxes in between have no place of their own here. */
  .st-key-play_desk { gap: 0.8rem; }
  .st-key-play_desk :has(.stage, .st-key-play_sheet), .stage, .stage .flow { display: contents; }
  .st-key-play_desk [data-testid="stColumn"]:last-of-type,
  .st-key-play_desk :has(> .st-key-play_data) { order: 6; width: 100%; }
  .stage :is(.top, .track, .columns, .below) { order: 0; width: 100%; }
  .stage .column.scores { order: 1; }
  .stage .column.input { order: 2; }
  .st-key-play_sheet { order: 3; }
  .stage .columns { order: 4; }
  .stage .below { order: 5; }
}
@media (prefers-reduced-motion: reduce) { .st-key-play_train button { animation: none; } }
</style>
"""
# A projector's 1440x900 holds it too: type and maps as large as there is room for.
PROJECTOR_CSS = """
<style>
html { font-size: 18px; }
.block-container { padding: 3.9rem 2rem 0.4rem !important; }
.st-key-play_knobs { gap: 0.1rem; }
.stage { --map: 48px; font-size: 0.9rem; }
.stage .score { height: 1.4rem; }
.stage .below { grid-template-columns: 1fr 1fr 168px 200px; }
.stage .cells { width: 164px; }
.stage .js-plotly-plot :is(.xtick, .ytick) text { font-size: 14px !important; }
</style>
"""
