# Concordance with a time until an event: survival::concordance, censored, with delayed entry, weights and clusters.
# Run after logistic.R: Rscript survival_concordance.R   (writes survival_concordance.csv and _rows.csv)
suppressPackageStartupMessages(library(survival))
rows <- read.csv("logistic_rows.csv", comment.char = "#")
# Times, events and entries made from the rows of the logistic regression. Whole months have many ties, among events
# and between events and censored times; some customers were watched from later on.
i <- seq_len(nrow(rows))
rows$months <- 1 + (i * 7919) %% (12 + 2 * rows$nps)
rows$cancelled <- as.integer((i * 104729) %% 100 < 45 - 2 * rows$nps)
rows$entered <- ifelse(i %% 3 == 0, 0, (i * 611953) %% rows$months)
kept <- file("survival_concordance_rows.csv", "w")
writeLines(sprintf("# Made by survival_concordance.R, %s", R.version.string), kept)
write.csv(rows[c("nps", "effort", "firm", "weight", "months", "cancelled", "entered")], kept, row.names = FALSE, quote = FALSE)
close(kept)
out <- file("survival_concordance.csv", "w")
writeLines(c(sprintf("# %s; survival %s", R.version.string, packageVersion("survival")), "case,row,column,value"), out)
put <- function(case, row, column, value) writeLines(sprintf("%s,%s,%s,%.15g", case, row, column, value), out)

scores <- c("nps", "effort")
times <- list(censored = "Surv(months, cancelled)", entry = "Surv(entered, months, cancelled)")
control <- list(timefix = FALSE)
for (case in names(times)) for (weighted in c(FALSE, TRUE)) {
  name <- paste0(case, if (weighted) " weighted" else "")
  fit <- lapply(scores, function(s) {
    formula <- as.formula(paste(times[[case]], "~", s))
    if (weighted) concordance(formula, rows, weights = weight, influence = 1, timefix = FALSE)
    else concordance(formula, rows, influence = 1, timefix = FALSE)
  })
  for (j in 1:2) {
    put(name, scores[j], "concordance", fit[[j]]$concordance)
    counts <- fit[[j]]$count
    put(name, scores[j], "usable", sum(counts[c("concordant", "discordant", "tied.x")]))
  }
  influence <- sapply(fit, function(f) f$dfbeta)
  v <- crossprod(influence)
  stopifnot(abs(diag(v) - sapply(fit, function(f) f$var)) < 1e-12)
  sums <- crossprod(rowsum(influence, rows$firm))
  for (a in 1:2) for (b in 1:2) {
    put(name, scores[a], scores[b], v[a, b])
    put(paste(name, "clusters"), scores[a], scores[b], sums[a, b])
  }
}
put("all", "rows", "n", nrow(rows))
put("all", "firms", "n", length(unique(rows$firm)))
put("all", "events", "n", sum(rows$cancelled))
close(out)
