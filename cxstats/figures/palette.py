"""The colours of every figure: few, readable without telling red from green, and renamed in the report.

Each is used for one thing, so that a figure put into a page can take that page's own colours
(`cxstats.figures.svg`), light or dark.
"""

INK = "#1f2933"  # text and the line of no effect
MUTED = "#5b6673"  # tick labels, units, whatever is shown beside the main thing
RULE = "#c5ccd3"  # axis lines
BAND = "#e7eaed"  # effects too small to count
EDGE = "#8b96a1"  # the edges of that band
ACCENT = "#1f5f8b"  # the estimates
PAPER = "#ffffff"  # what the figure lies on

# The part each colour plays, as a page names it.
PARTS = {INK: "ink", MUTED: "muted", RULE: "rule", BAND: "band", EDGE: "edge", ACCENT: "accent", PAPER: "paper"}
