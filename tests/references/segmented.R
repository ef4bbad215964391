# One estimated breakpoint: segmented::segmented, and Davies' test of no bend.
# Run: Rscript segmented.R   (writes segmented.csv)
suppressPackageStartupMessages(library(segmented))
out <- file("segmented.csv", "w")
writeLines(c(sprintf("# %s; segmented %s", R.version.string, packageVersion("segmented")), "case,part,value"), out)
put <- function(case, part, value) writeLines(sprintf("%s,%s,%.15g", case, part, value), out)

# Made from whole numbers alone, so that no row needs storing; tests/methods/test_segmented.py makes the same.
made <- function(n, levels, step) {
  i <- seq_len(n)
  list(x = ((i * 7919) %% levels) * step, noise = qnorm((((i * 104729) %% 9973) + 0.5) / 9973))
}
wide <- made(301, 1009, 0.01)
few <- made(420, 11, 1)
cases <- list(
  plateau = data.frame(x = wide$x, y = round(pmin(wide$x, 6) + 0.7 * wide$noise, 3)),
  knee = data.frame(x = few$x, y = round(0.2 * few$x + 0.9 * pmax(few$x - 4.4, 0) + 0.6 * few$noise, 3)),
  slight = data.frame(x = few$x, y = round(0.2 * few$x + 0.1 * pmax(few$x - 5, 0) + few$noise, 3)),
  straight = data.frame(x = few$x, y = round(0.2 * few$x + few$noise, 3)))
for (case in names(cases)) {
  d <- cases[[case]]
  put(case, "davies", davies.test(lm(y ~ x, d), ~ x, k = 10)$p.value)
  if (case %in% c("straight", "slight")) next
  set.seed(1)
  fit <- segmented(lm(y ~ x, d), seg.Z = ~ x, npsi = 1,
                   control = seg.control(tol = 1e-12, it.max = 200, n.boot = 50))
  put(case, "breakpoint", fit$psi[1, "Est."])
  put(case, "rss", sum(residuals(fit)^2))
  s <- slope(fit, digits = 15)$x[, "Est."]
  put(case, "below", s[1])
  put(case, "above", s[2])
  put(case, "error", fit$psi[1, "St.Err"])
}
close(out)
