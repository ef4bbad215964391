# Item-rest correlations: r.drop of psych::alpha on standardised items, turned so that up is good; cor for two items.
# Run: Rscript answer_quality.R > answer_quality.csv
suppressPackageStartupMessages(library(psych))
rows <- read.csv("scores_rows.csv", comment.char = "#")
items <- rows[, c("nps", "nps_after", "csat", "effort")]
items <- items[complete.cases(items), ]
turned <- transform(items, effort = 6 - effort)
cat(sprintf("# %s; psych %s\n", R.version.string, packageVersion("psych")))
cat("design,metric,n,estimate\n")
line <- function(design, metric, n, estimate) cat(sprintf("%s,%s,%d,%.15g\n", design, metric, n, estimate))
designs <- list(
  four = turned, wrong = items, three = turned[, c("nps", "csat", "effort")]
)
for (design in names(designs)) {
  drop <- alpha(as.data.frame(scale(designs[[design]])), warnings = FALSE, check.keys = FALSE)$item.stats
  for (metric in rownames(drop)) line(design, metric, nrow(items), drop[metric, "r.drop"])
}
line("two", "nps", nrow(items), cor(turned$nps, turned$effort))
