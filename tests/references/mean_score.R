# Means with t intervals: t.test for simple samples, the survey package for weights and clusters.
# Run: Rscript mean_score.R > mean_score.csv
suppressPackageStartupMessages(library(survey))
rows <- read.csv("scores_rows.csv", comment.char = "#")
line <- function(design, by, group, estimate, std_error, low, high, statistic, p, df) cat(paste(c(design, by, group,
  sprintf("%.15g", c(estimate, std_error, low, high, statistic, p, df))), collapse = ","), "\n", sep = "")
line_t <- function(design, by, group, estimate, std_error, df, tested) {
  half <- qt(0.975, df) * std_error
  z <- if (tested) estimate / std_error else NA
  line(design, by, group, estimate, std_error, estimate - half, estimate + half, z, 2 * pt(-abs(z), df), df)
}
cat(sprintf("# %s; survey %s\n", R.version.string, packageVersion("survey")))
cat("design,by,group,estimate,std_error,ci_low,ci_high,statistic,p_value,df\n")
for (by in c("none", "region", "plan")) {
  used <- rows[!is.na(rows$csat), ]
  parts <- split(used$csat, if (by == "none") rep("all", nrow(used)) else used[[by]])
  for (group in names(parts)) {
    t <- t.test(parts[[group]])
    line("simple", by, group, t$estimate, t$stderr, t$conf.int[1], t$conf.int[2], NA, NA, t$parameter)
  }
  if (by == "none") next
  t <- t.test(parts[[1]], parts[[2]])  # Welch
  line("simple", by, paste(names(parts), collapse = " - "), t$estimate[1] - t$estimate[2], t$stderr, t$conf.int[1],
    t$conf.int[2], t$statistic, t$p.value, t$parameter)
}
for (design in c("weight", "cluster", "weight cluster")) for (by in c("none", "region", "plan")) {
  weighted <- grepl("weight", design); clustered <- grepl("cluster", design)
  used <- rows[!is.na(rows$csat) & !(weighted & is.na(rows$weight)), ]
  used$group <- if (by == "none") "all" else used[[by]]
  make <- function(data) svydesign(ids = if (clustered) ~firm else ~1, data = data,
    weights = if (weighted) data$weight else rep(1, nrow(data)))
  fits <- lapply(split(used, used$group), function(data) {
    m <- svymean(~csat, make(data))
    c(coef(m)[[1]], SE(m)[[1]], degf(make(data)))
  })
  for (group in names(fits)) line_t(design, by, group, fits[[group]][1], fits[[group]][2], fits[[group]][3], FALSE)
  if (by == "none") next
  a <- fits[[1]]; b <- fits[[2]]
  error <- sqrt(a[2]^2 + b[2]^2)
  if (clustered && by == "region") error <- SE(svycontrast(svyby(~csat, ~group, make(used), svymean, covmat = TRUE), c(1, -1)))[[1]]
  welch <- (a[2]^2 + b[2]^2)^2 / (a[2]^4 / a[3] + b[2]^4 / b[3])
  line_t(design, by, paste(names(fits), collapse = " - "), a[1] - b[1], error, if (clustered) min(a[3], b[3]) else welch, TRUE)
}
