# Loyalty per ordered tier: g-computed means with stacked influence values, max-t of change-point contrasts, Kendall's S.
# Run: Rscript loyalty_ladder.R   (writes loyalty_ladder_rows.csv, then loyalty_ladder.csv)
suppressPackageStartupMessages({library(sandwich); library(multcomp)})
set.seed(20020133)
n <- 900
firm <- rep(1:60, each = 15)
orders <- rpois(n, 2)
region <- sample(c("east", "north", "west"), n, TRUE)
gap <- pmin(pmax(round(1.2 + 0.5 * orders + 2.4 * rnorm(n) + rnorm(60, sd = 0.6)[firm]), -4), 8)
tier <- cut(gap, c(-Inf, 0, 1, 3, 5, Inf), right = FALSE, labels = c("fail", "meet", "exceed", "delight", "amaze"))
rise <- c(0, 0.5, 0.7, 0.75, 1)[as.integer(tier)]
index <- rise + 0.25 * orders + 0.3 * (region == "west") + rnorm(60, sd = 0.5)[firm]
rows <- data.frame(gap, tier, orders, region, firm = sprintf("firm %02d", firm),
  weight = sample(c(0.5, 1, 2.5), n, TRUE), spend = round(10 + 3 * index + 2 * rnorm(n), 2),
  back = as.integer(index + rlogis(n) > 0.9), stars = pmin(pmax(round(2.4 + index + rnorm(n)), 1), 5))
version <- sprintf("# %s; sandwich %s; multcomp %s; mvtnorm %s", R.version.string, packageVersion("sandwich"),
  packageVersion("multcomp"), packageVersion("mvtnorm"))
file_rows <- file("loyalty_ladder_rows.csv", "w"); writeLines("# simulated by loyalty_ladder.R", file_rows)
write.csv(rows, file_rows, row.names = FALSE, quote = FALSE); close(file_rows)

out <- file("loyalty_ladder.csv", "w")
writeLines(c(version, "outcome,design,controls,term,estimate,std_error"), out)
line <- function(outcome, design, controls, term, estimate, std_error = NA)
  writeLines(sprintf("%s,%s,%s,%s,%.15g,%.15g", outcome, design, controls, term, estimate, std_error), out)
tiers <- levels(rows$tier); J <- length(tiers)
steps <- diff(diag(J))
for (outcome in c("spend", "back")) for (controls in c("none", "both")) for (design in c("simple", "cluster", "weight")) {
  rows$w <- if (design == "weight") rows$weight else 1
  rows$y <- rows[[outcome]]
  model <- if (controls == "none") y ~ tier else y ~ tier + orders + region
  family <- if (outcome == "back") quasibinomial() else gaussian()
  fit <- glm(model, family, rows, weights = w, epsilon = 1e-14, maxit = 50)
  beta <- estfun(fit) %*% bread(fit) / n                       # influence of each row on the coefficients
  mean <- numeric(J); inf <- matrix(0, n, J)
  for (j in 1:J) {
    at <- rows; at$tier <- factor(tiers[j], levels = tiers)
    X <- model.matrix(delete.response(terms(fit)), at); eta <- drop(X %*% coef(fit)); f <- family$linkinv(eta)
    mean[j] <- weighted.mean(f, rows$w)
    G <- colSums(rows$w * family$mu.eta(eta) * X) / sum(rows$w)
    inf[, j] <- rows$w * (f - mean[j]) / sum(rows$w) + drop(beta %*% G)
  }
  if (design == "cluster") {
    sums <- rowsum(inf, rows$firm); V <- crossprod(sums) * 60 / 59; df <- 59L
  } else { V <- crossprod(inf) * n / (n - 1); df <- 0L }
  dimnames(V) <- list(tiers, tiers); names(mean) <- tiers
  for (j in 1:J) line(outcome, design, controls, tiers[j], mean[j], sqrt(V[j, j]))
  for (j in 2:J) line(outcome, design, controls, paste(tiers[j], "-", tiers[j - 1]), mean[j] - mean[j - 1],
    sqrt(V[j, j] + V[j - 1, j - 1] - 2 * V[j, j - 1]))
  # The differences of a linear model are its coefficients: their errors without any influence values of ours.
  if (outcome == "spend") {
    b <- coef(fit)[2:J]
    vc <- (if (design == "cluster") vcovCL(fit, ~ firm, type = "HC0", cadjust = TRUE) else
      vcovHC(fit, type = "HC0") * n / (n - 1))[2:J, 2:J]
    stopifnot(all.equal(sqrt(diag(vc)), sqrt(diag(V)[-1] + V[1, 1] - 2 * V[-1, 1]), check.attributes = FALSE, tol = 1e-9),
      all.equal(unname(b), unname(mean[-1] - mean[1]), tol = 1e-9))
  }
  size <- tapply(rows$w, rows$tier, sum)
  exact <- function(g) summary(g, test = adjusted("single-step", abseps = 1e-8, maxpts = 5e6))$test
  order <- exact(glht(parm(mean, V, df), contrMat(size, "Changepoint"), alternative = "greater"))
  line(outcome, design, controls, "order statistic", max(order$tstat))
  line(outcome, design, controls, "order p", min(order$pvalues))
  pairs <- glht(parm(mean, V, df), contrMat(size, "Tukey"), alternative = "greater")
  crit <- -attr(confint(pairs, level = 0.95, abseps = 1e-6, maxpts = 1e6)$confint, "calpha")
  line(outcome, design, controls, "pairs critical", abs(crit))
}
for (outcome in c("spend", "back", "stars")) {
  known <- cor.test(rows[[outcome]], as.integer(rows$tier), method = "kendall", exact = FALSE, alternative = "greater")
  line(outcome, "simple", "none", "jonckheere z", known$statistic)
  line(outcome, "simple", "none", "jonckheere p", known$p.value)
}
close(out)
