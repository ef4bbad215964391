# Least squares on the rows of logistic.R: lm with sandwich::vcovHC and vcovCL, svyglm with weights.
# Run after logistic.R: Rscript linear.R   (writes linear.csv)
suppressPackageStartupMessages({library(sandwich); library(survey)})
rows <- read.csv("logistic_rows.csv", comment.char = "#")
out <- file("linear.csv", "w")
writeLines(c(sprintf("# %s; sandwich %s; survey %s", R.version.string, packageVersion("sandwich"),
  packageVersion("survey")), "design,term,estimate,std_error"), out)
line <- function(design, fit, V) for (j in seq_along(coef(fit))) writeLines(sprintf("%s,%s,%.15g,%.15g", design,
  c("(intercept)", "nps", "effort", "tenure")[j], coef(fit)[[j]], sqrt(V[j, j])), out)
model <- stars ~ nps + effort + tenure
fit <- lm(model, rows); n <- nrow(rows); G <- length(unique(rows$firm))
line("simple", fit, vcovHC(fit, type = "HC0") * n / (n - 1))
line("cluster", fit, vcovCL(fit, cluster = rows$firm, type = "HC0", cadjust = FALSE) * G / (G - 1))
fit <- svyglm(model, svydesign(ids = ~1, weights = ~weight, data = rows))
line("weight", fit, vcov(fit))
# The standard deviation (divided by n) as a smooth function of the means of stars and of stars squared.
for (design in c("simple", "cluster", "weight", "weight cluster")) {
  sample <- svydesign(ids = if (grepl("cluster", design)) ~firm else ~1, data = rows,
    weights = if (grepl("weight", design)) ~weight else ~1)
  moments <- svymean(~stars + I(stars^2), sample)
  m <- coef(moments); sd <- sqrt(m[[2]] - m[[1]]^2); slope <- c(-m[[1]], 0.5) / sd
  writeLines(sprintf("%s,sd,%.15g,%.15g", design, sd, sqrt(drop(slope %*% vcov(moments) %*% slope))), out)
  r2 <- summary(if (grepl("weight", design)) lm(model, rows, weights = weight) else lm(model, rows))$r.squared
  writeLines(sprintf("%s,r2,%.15g,NA", design, r2), out)
}
close(out)
