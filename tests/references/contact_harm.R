# Lowered over raised scores with and without a contact, and the ratio of both, by the survey package: shares by
# svyby with their covariance, logarithms of ratios by svycontrast, which is the delta method.
# Run: Rscript contact_harm.R   (writes contact_harm.csv)
suppressPackageStartupMessages(library(survey))
out <- file("contact_harm.csv", "w")
writeLines(c(sprintf("# %s; survey %s", R.version.string, packageVersion("survey")), "design,term,estimate,std_error"), out)
put <- function(design, term, x) writeLines(sprintf("%s,%s,%.15g,%.15g", design, term, coef(x), SE(x)), out)

# Made from whole numbers alone, so that no row needs storing; tests/methods/test_contact_harm.py makes the same.
n <- 1200
i <- seq_len(n) - 1
draw <- function(a, m) ((i * a + 17) %% m) / m
d <- data.frame(before = 3 + (i * 37) %% 8, firm = (i * 29) %% 40, contact = as.integer(draw(7919, 9973) < .35))
d$after <- pmin(pmax(d$before + round(5 * draw(104729, 9967) - 2.2 - .9 * d$contact - .25 * (d$before - 6.5)), 0), 10)
d$w <- c(.5, 1, 2.5)[1 + (i * 71) %% 3]
d$down <- as.numeric(d$after < d$before); d$up <- as.numeric(d$after > d$before)
d$group <- factor(ifelse(d$contact == 1, "yes", "no"))
for (name in c("simple", "weight", "cluster", "both")) {
  des <- svydesign(if (name %in% c("cluster", "both")) ~firm else ~1, data = d,
                   weights = if (name %in% c("weight", "both")) ~w else ~1)
  by <- svyby(~down + up, ~group, des, svymean, covmat = TRUE)
  for (g in c("yes", "no")) for (k in c("down", "up")) {
    x <- svycontrast(by, setNames(list(setNames(1, paste0(g, ":", k))), "x"))
    put(name, paste(g, k), x)
  }
  logs <- list(yes = quote(log(`yes:down` / `yes:up`)), no = quote(log(`no:down` / `no:up`)),
               ratio = quote(log(`yes:down` / `yes:up`) - log(`no:down` / `no:up`)))
  for (g in names(logs)) put(name, paste("log", g), svycontrast(by, logs[[g]]))
  gap <- svyglm(before ~ contact, des)
  writeLines(sprintf("%s,gap,%.15g,%.15g", name, coef(gap)[2], SE(gap)[2]), out)
}
close(out)
