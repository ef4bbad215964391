# Cox regression on simulated rows: survival::coxph with Efron's ties, its dfbeta residuals and cox.zph.
# Run: Rscript cox.R   (writes cox_rows.csv and cox.csv beside itself)
suppressPackageStartupMessages(library(survival))
version <- sprintf("# %s; survival %s", R.version.string, packageVersion("survival"))
set.seed(20260301)
firms <- 60; n <- 600
firm <- sort(sample.int(firms, n, replace = TRUE))
lift <- rnorm(firms)[firm]
plan <- sample(c("basic", "gold", "silver"), n, replace = TRUE)
region <- sample(c("east", "north", "south"), n, replace = TRUE)
tenure <- round(rexp(n, 1 / 12), 1)
latent <- 0.5 * lift + rnorm(n)
nps <- pmin(10, pmax(0, round(6 + 2.2 * latent + rnorm(n))))
effort <- pmin(5, pmax(1, round(3 - 0.7 * latent + rnorm(n))))
rate <- 0.05 * exp(-0.12 * nps + 0.1 * effort + 0.4 * (plan == "gold") - 0.01 * tenure + 0.4 * lift +
  0.5 * (region == "north"))
until <- rexp(n, rate)
end <- runif(n, 6, 30)
rows <- data.frame(firm = sprintf("f%02d", firm), region, plan, tenure, nps, effort, weight = round(runif(n, 0.3, 3), 3),
  days = round(pmin(until, end) * 1e4) / 1e4, month = ceiling(pmin(until, end)), left = as.integer(until <= end))
rows$joined <- pmin(rows$month - 1, sample(0:5, n, replace = TRUE))
stopifnot(!anyDuplicated(rows$days[rows$left == 1]))
cat("# Simulated by cox.R,", R.version.string, "\n", file = "cox_rows.csv")
suppressWarnings(write.table(rows, "cox_rows.csv", sep = ",", row.names = FALSE, quote = FALSE, append = TRUE))

rows$ease <- 6 - rows$effort  # up is good
terms <- c("nps", "effort", "tenure", "plan[gold]", "plan[silver]")
tight <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 100, timefix = FALSE)
right <- " ~ nps + ease + tenure + plan"
designs <- list(
  plain = list("Surv(days, left)", "", FALSE), ties = list("Surv(month, left)", "", FALSE),
  entry = list("Surv(joined, month, left)", "", FALSE), strata = list("Surv(month, left)", " + strata(region)", FALSE),
  "entry strata" = list("Surv(joined, month, left)", " + strata(region)", FALSE),
  weight = list("Surv(month, left)", "", TRUE),
  "entry strata weight" = list("Surv(joined, month, left)", " + strata(region)", TRUE))
out <- file("cox.csv", "w")
writeLines(c(version, "design,quantity,term,value"), out)
put <- function(design, quantity, term, value) writeLines(sprintf("%s,%s,%s,%.15g", design, quantity, term, value), out)
for (name in names(designs)) {
  d <- designs[[name]]
  rows$w <- if (d[[3]]) rows$weight else 1
  model <- as.formula(paste0(d[[1]], right, d[[2]]))
  fit <- coxph(model, rows, weights = w, ties = "efron", control = tight, robust = FALSE)
  fit <- coxph(model, rows, weights = w, ties = "efron", control = tight, robust = FALSE, init = coef(fit))
  null <- coxph(model, rows, weights = w, ties = "efron", control = tight, robust = FALSE)$loglik[1]
  put(name, "estimate", terms, coef(fit))
  put(name, "information", terms, sqrt(diag(fit$var)))
  influence <- residuals(fit, type = "dfbeta", weighted = TRUE)
  for (i in c(1, 77, 250, 433, 600)) put(name, paste("dfbeta", i), terms, influence[i, ])
  put(name, "sandwich", terms, sqrt(diag(crossprod(influence))))
  put(name, "clusters", terms, sqrt(diag(crossprod(rowsum(influence, rows$firm)))))
  put(name, "log likelihood", "", fit$loglik[2])
  put(name, "null log likelihood", "", null)
  zph <- cox.zph(fit, transform = "km", terms = FALSE)$table
  put(name, "zph", c(terms, "global"), zph[, "chisq"])
  put(name, "zph p", c(terms, "global"), zph[, "p"])

  # The same score test with a sandwich: rows split at every event time, scores times 1 - KM(t-) as more columns.
  km <- survfit(as.formula(paste(d[[1]], "~ 1")), rows)
  cuts <- sort(unique((if (grepl("days", d[[1]])) rows$days else rows$month)[rows$left == 1]))
  if (length(cuts) > 100) next
  rows$id <- seq_len(n)
  split <- survSplit(as.formula(paste(d[[1]], "~ .")), rows, cut = cuts, start = "from", end = "to", event = "left")
  g <- 1 - c(1, km$surv)[findInterval(split$to, km$time, left.open = TRUE) + 1]
  x <- model.matrix(~ nps + ease + tenure + plan, split)[, -1]
  long <- as.formula(paste("Surv(from, to, left) ~ x + I(x * g)", d[[2]]))
  at <- coxph(long, split, weights = w, ties = "efron", init = c(coef(fit), 0 * coef(fit)), robust = FALSE,
    control = coxph.control(iter.max = 0, timefix = FALSE))
  score <- rowsum(residuals(at, type = "score", weighted = TRUE), split$id)
  info <- solve(at$var)
  one <- 1:5; two <- 6:10
  clean <- score[, two] - score[, one] %*% solve(info[one, one], info[one, two])
  u <- colSums(clean)
  for (unit in c("sandwich", "clusters")) {
    sums <- if (unit == "sandwich") clean else rowsum(clean, rows$firm)
    spread <- crossprod(sums) * nrow(sums) / (nrow(sums) - 1)
    put(name, paste("zph", unit), terms, u^2 / diag(spread))
    put(name, paste("zph", unit), "global", drop(u %*% solve(spread, u)))
  }
}
close(out)
