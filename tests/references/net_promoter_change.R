# The change of the net promoter score among the same customers: the mean of each customer's change in {-2..2}.
# t.test (paired) for the simple sample, the survey package for weights and clusters.
# Run: Rscript net_promoter_change.R > net_promoter_change.csv
suppressPackageStartupMessages(library(survey))
rows <- read.csv("scores_rows.csv", comment.char = "#")
class3 <- function(x) (x >= 9) - (x <= 6)
rows$before <- class3(rows$nps); rows$after <- class3(rows$nps_after); rows$d <- rows$after - rows$before
cat(sprintf("# %s; survey %s\n", R.version.string, packageVersion("survey")))
cat("design,before,after,n,estimate,std_error,ci_low,ci_high,statistic,p_value,df\n")
line <- function(design, ...) cat(paste(c(design, sprintf("%.15g", c(...))), collapse = ","), "\n", sep = "")
used <- rows[!is.na(rows$d), ]
t <- t.test(100 * used$after, 100 * used$before, paired = TRUE)
line("simple", 100 * mean(used$before), 100 * mean(used$after), nrow(used), t$estimate, t$stderr, t$conf.int,
  t$statistic, t$p.value, t$parameter)
for (design in c("weight", "cluster", "weight cluster")) {
  weighted <- grepl("weight", design); clustered <- grepl("cluster", design)
  data <- used[!(weighted & is.na(used$weight)), ]
  d <- svydesign(ids = if (clustered) ~firm else ~1, data = data,
    weights = if (weighted) data$weight else rep(1, nrow(data)))
  m <- svymean(~before + after + d, design = d)
  est <- 100 * coef(m)[["d"]]; se <- 100 * SE(m)[["d"]]; df <- degf(d)
  line(design, 100 * coef(m)[["before"]], 100 * coef(m)[["after"]], nrow(data), est, se,
    est + c(-1, 1) * qt(0.975, df) * se, est / se, 2 * pt(-abs(est / se), df), df)
}
