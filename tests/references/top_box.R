# Shares of the best boxes. Simple samples: prop.test (Wilson, score test) and binom.test (Clopper-Pearson).
# Weights and clusters: standard errors and design effects of the survey package, put into Wilson's formula here.
# Differences: Newcombe's square-and-add of the Wilson limits, with the correlation of the two shares.
# Run: Rscript top_box.R > top_box.csv
suppressPackageStartupMessages(library(survey))
rows <- read.csv("scores_rows.csv", comment.char = "#")
rows$x <- as.numeric(rows$csat >= 4)

wilson <- function(p, n, df) {
  z2 <- qt(0.975, df)^2
  roots <- polyroot(c(p^2, -(2 * p + z2 / n), 1 + z2 / n))  # (p - theta)^2 = z^2 theta (1 - theta) / n
  sort(Re(roots))
}
line <- function(design, by, group, numbers) cat(paste(c(design, by, group, sprintf("%.15g", numbers)), collapse = ","), "\n", sep = "")
cat(sprintf("# %s; survey %s\n", R.version.string, packageVersion("survey")))
cat("design,by,group,estimate,std_error,n_eff,ci_low,ci_high,exact_low,exact_high,statistic,p_value\n")
for (design in c("simple", "weight", "cluster", "weight cluster")) for (by in c("none", "region", "plan")) {
  weighted <- grepl("weight", design); clustered <- grepl("cluster", design)
  used <- rows[!is.na(rows$x) & !(weighted & is.na(rows$weight)), ]
  used$group <- if (by == "none") "all" else used[[by]]
  make <- function(data) svydesign(ids = if (clustered) ~firm else ~1, data = data,
    weights = if (weighted) data$weight else rep(1, nrow(data)))
  fits <- lapply(split(used, used$group), function(data) {
    d <- make(data)
    m <- svymean(~x, d, deff = "replace")
    n_eff <- min(nrow(data), nrow(data) / deff(m))
    df <- if (clustered) degf(d) else Inf
    if (design == "simple") {
      score <- prop.test(sum(data$x), nrow(data), correct = FALSE)$conf.int
      exact <- binom.test(sum(data$x), nrow(data))$conf.int
    } else {
      score <- wilson(coef(m)[[1]], n_eff[[1]], df)
      exact <- c(NA, NA)
    }
    c(coef(m)[[1]], SE(m)[[1]], n_eff[[1]], score, exact, df)
  })
  for (group in names(fits)) line(design, by, group, c(fits[[group]][1:7], NA, NA))
  if (by == "none") next
  a <- fits[[1]]; b <- fits[[2]]
  rho <- 0
  error <- sqrt(a[2]^2 + b[2]^2)
  if (clustered && by == "region") {
    joint <- svyby(~x, ~group, make(used), svymean, covmat = TRUE)
    rho <- cov2cor(vcov(joint))[1, 2]
    error <- SE(svycontrast(joint, c(1, -1)))[[1]]
  }
  d <- a[1] - b[1]
  low <- d - sqrt((a[1] - a[4])^2 + (b[5] - b[1])^2 - 2 * rho * (a[1] - a[4]) * (b[5] - b[1]))
  high <- d + sqrt((a[5] - a[1])^2 + (b[1] - b[4])^2 - 2 * rho * (a[5] - a[1]) * (b[1] - b[4]))
  if (design == "simple") {
    counts <- table(used$group, used$x)
    test <- prop.test(counts[, "1"], rowSums(counts), correct = FALSE)
    z <- sign(d) * sqrt(test$statistic[[1]]); p <- test$p.value
  } else {
    pooled <- (a[3] * a[1] + b[3] * b[1]) / (a[3] + b[3])
    z <- d / sqrt(pooled * (1 - pooled) * (1 / a[3] + 1 / b[3] - 2 * rho / sqrt(a[3] * b[3])))
    p <- 2 * pt(-abs(z), min(a[8], b[8]))
  }
  line(design, by, paste(names(fits), collapse = " - "), c(d, error, NA, low, high, NA, NA, z, p))
}
