# Overlap weights and regression over the same customers, by glm; standard errors by bootstrap of rows and of clusters.
# Run: Rscript overlap_weights.R   (writes overlap_weights_rows.csv, then overlap_weights.csv)
suppressPackageStartupMessages(library(survey))
set.seed(20181260)
n <- 1000
firm <- rep(1:50, each = 20)
orders <- rpois(n, 2)
region <- sample(c("east", "north", "west"), n, TRUE)
taste <- rnorm(50, sd = 0.6)[firm]
exceeded <- rbinom(n, 1, plogis(-1.2 + 0.5 * orders + 0.4 * (region == "west") + taste))
index <- -0.8 + 0.3 * orders + 0.3 * exceeded + 0.4 * (region == "north") + taste
rows <- data.frame(exceeded, orders, region, firm = sprintf("firm %02d", firm), weight = sample(c(0.5, 1, 2.5), n, TRUE),
  spend = round(20 + 4 * index + 3 * rnorm(n), 2), back = rbinom(n, 1, plogis(index)), churned = rbinom(n, 1, plogis(-index)))
version <- sprintf("# %s; survey %s", R.version.string, packageVersion("survey"))
out <- file("overlap_weights_rows.csv", "w"); writeLines("# simulated by overlap_weights.R", out)
write.csv(rows, out, row.names = FALSE, quote = FALSE); close(out)

all_of <- function(d, outcome, w) {
  d$y <- d[[outcome]]; d$w <- w
  binary <- outcome == "back"
  e <- fitted(suppressWarnings(glm(exceeded ~ orders + region, binomial, d, weights = w, epsilon = 1e-14, maxit = 50)))
  ow <- w * ifelse(d$exceeded == 1, 1 - e, e)
  # The weighted means as coefficients of a weighted regression on the group alone.
  b <- coef(lm(y ~ exceeded, d, weights = ow)); m <- c(b[1], sum(b))
  fam <- if (binary) quasibinomial() else gaussian()
  fit <- glm(y ~ exceeded + orders + region, fam, d, weights = w, epsilon = 1e-14, maxit = 50)
  r <- sapply(0:1, function(z) weighted.mean(predict(fit, transform(d, exceeded = z), type = "response"), w * e * (1 - e)))
  sd <- sqrt(sum(w * (d$y - weighted.mean(d$y, w))^2) / sum(w))
  gain <- function(m) if (!binary) (m[2] - m[1]) / sd else if (m_of_bad) (1 - m[1]) / (1 - m[2]) else m[2] / m[1]
  if (is.na(m_of_bad)) m_of_bad <<- binary && m[1] > 0.5
  unname(c(m, diff(m), gain(m), diff(r), gain(r)))
}
bootstrap <- function(outcome, cluster, times) {
  draws <- replicate(times, {
    chosen <- if (!cluster) sample(n, n, TRUE) else unlist(split(seq_len(n), firm)[sample(50, 50, TRUE)])
    all_of(rows[chosen, ], outcome, rep(1, n))
  })
  apply(draws, 1, sd)
}
out <- file("overlap_weights.csv", "w")
writeLines(c(version, "outcome,term,estimate,weighted,boot_rows,boot_clusters"), out)
terms <- c("first", "second", "difference", "gain", "regression difference", "regression gain")
for (outcome in c("spend", "back")) {
  m_of_bad <- NA
  plain <- all_of(rows, outcome, rep(1, n)); weighted <- all_of(rows, outcome, rows$weight)
  known <- svyglm(as.formula(paste(outcome, "~ exceeded")), svydesign(~1, weights = ~ ow, data = transform(rows,
    ow = { e <- fitted(glm(exceeded ~ orders + region, binomial)); ifelse(exceeded == 1, 1 - e, e) })))
  stopifnot(all.equal(unname(coef(known)[2]), plain[3], tol = 1e-6))
  writeLines(sprintf("%s,%s,%.15g,%.15g,%.6g,%.6g", outcome, terms, plain, weighted, bootstrap(outcome, FALSE, 2000),
    bootstrap(outcome, TRUE, 2000)), out)
}
close(out)
