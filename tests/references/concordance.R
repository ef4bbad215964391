# Concordance: survival::concordance with a measured response (no censoring), several scores at once, clusters.
# Run after logistic.R: Rscript concordance.R   (writes concordance.csv)
suppressPackageStartupMessages(library(survival))
rows <- read.csv("logistic_rows.csv", comment.char = "#")
# A spend with many zeros and a long tail, made from the stored rows alone, so that no row of it needs storing.
i <- seq_len(nrow(rows))
rows$spend <- ifelse((i * 7919) %% 5 < 2, 0, round(exp(((i * 104729) %% 1000) / 250 + 0.15 * rows$nps), 1))
out <- file("concordance.csv", "w")
writeLines(c(sprintf("# %s; survival %s", R.version.string, packageVersion("survival")), "case,row,column,value"), out)
put <- function(case, row, column, value) writeLines(sprintf("%s,%s,%s,%.15g", case, row, column, value), out)

scores <- c("nps", "effort")
both <- function(case, ...) {
  fit <- list(concordance(spend ~ nps, rows, ...), concordance(spend ~ effort, rows, ...))
  for (j in 1:2) put(case, scores[j], "concordance", fit[[j]]$concordance)
  # The infinitesimal jackknife: rows of the two scores side by side, summed per cluster.
  influence <- sapply(c("nps", "effort"), function(s)
    concordance(as.formula(paste("spend ~", s)), rows, influence = 1, ...)$dfbeta)
  list(fit = fit, influence = influence)
}
plain <- both("plain")
v <- crossprod(plain$influence)
stopifnot(abs(diag(v) - sapply(plain$fit, function(f) f$var)) < 1e-12)
for (a in 1:2) for (b in 1:2) put("plain", scores[a], scores[b], v[a, b])
sums <- rowsum(plain$influence, rows$firm)
v <- crossprod(sums)
for (j in 1:2) stopifnot(abs(v[j, j] - concordance(as.formula(paste("spend ~", scores[j])), rows, cluster = firm)$var) < 1e-12)
for (a in 1:2) for (b in 1:2) put("cluster", scores[a], scores[b], v[a, b])
put("cluster", "firms", "n", length(unique(rows$firm)))
put("plain", "rows", "n", nrow(rows))
close(out)
