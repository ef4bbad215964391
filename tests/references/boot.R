# The refit bootstrap of package boot: dominance of a logistic regression, and the difference of two areas (pROC).
# Reads logistic_rows.csv. Run after logistic.R: Rscript boot.R   (writes boot.csv; about a minute)
suppressMessages({library(boot); library(pROC)})
rows <- read.csv("logistic_rows.csv", comment.char = "#")
rows$effort <- 6 - rows$effort
metrics <- c("nps", "effort", "tenure")
fitted_ll <- function(y, x) if (ncol(x)) as.numeric(logLik(glm.fit2(y, x))) else as.numeric(logLik(glm(y ~ 1, binomial)))
glm.fit2 <- function(y, x) suppressWarnings(glm(y ~ as.matrix(x), family = binomial))
subsets <- lapply(0:7, function(code) metrics[bitwAnd(code, c(1, 2, 4)) > 0])
general <- function(data) {
  ll <- sapply(subsets, function(s) fitted_ll(data$stayed, data[s]))
  r2 <- 1 - ll / ll[1]
  sapply(seq_along(metrics), function(j) {
    bit <- 2^(j - 1)
    without <- which(bitwAnd(0:7, bit) == 0)
    gain <- r2[without + bit] - r2[without]
    size <- sapply(subsets[without], length)
    mean(tapply(gain, size, mean))
  })
}
areas <- function(data) sapply(c("nps", "effort"), function(m)
  as.numeric(auc(roc(data$stayed, data[[m]], levels = c(0, 1), direction = "<"))))
statistic <- function(data, drawn) {
  data <- data[drawn, ]
  area <- areas(data)
  c(general(data), area, area[1] - area[2])
}
set.seed(20261125)
found <- boot(rows, statistic, R = 2000)
out <- file("boot.csv", "w")
writeLines(sprintf("# %s, boot %s, pROC %s; %d rows, %d replicates", R.version.string, packageVersion("boot"),
                   packageVersion("pROC"), nrow(rows), found$R), out)
writeLines("term,estimate,std_error", out)
names <- c(metrics, "auc nps", "auc effort", "auc nps - effort")
writeLines(sprintf("%s,%.15g,%.15g", names, found$t0, apply(found$t, 2, sd)), out)
close(out)
