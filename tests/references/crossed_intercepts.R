# Linear models with normal intercepts per person, and per person and stimulus, by REML: lme4; degrees of freedom of
# Satterthwaite: lmerTest.
# Run: Rscript crossed_intercepts.R   (writes crossed_intercepts_rows.csv and crossed_intercepts.csv)
suppressPackageStartupMessages(library(lmerTest))
version <- sprintf("# %s; lme4 %s; lmerTest %s", R.version.string, packageVersion("lme4"), packageVersion("lmerTest"))
set.seed(20261125)
simulate <- function(case, person, stimulus, sd_person, sd_stimulus) {
  n <- length(person); level <- function(code, sd) rnorm(max(code), sd = sd)[code]
  warmth <- round(rnorm(n, 5, 2), 1); tenure <- round(rexp(max(person), 1 / 4), 1)[person]
  rating <- 3 + 0.3 * warmth - 0.1 * tenure + level(person, sd_person) + level(stimulus, sd_stimulus) + rnorm(n)
  data.frame(case, person, stimulus, warmth, tenure, rating = round(rating, 4))
}
full <- expand.grid(person = 1:24, stimulus = 1:8)
nearly <- full[-sample(nrow(full), 7), ]
sizes <- rep(1:40, sample(1:9, 40, replace = TRUE))
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-12, maxfun = 1e5),
  check.conv.singular = "ignore")
fitted <- function(rows, formula) {  # each climb starts where the one before ended
  start <- NULL
  for (again in 1:4) { fit <- lmer(formula, rows, control = control, start = start); start <- getME(fit, "theta") }
  fit
}
crossed <- rating ~ warmth + tenure + (1 | person) + (1 | stimulus)
crossed_rows <- simulate("crossed", nearly$person, nearly$stimulus, 0.8, 0.5)
single_rows <- simulate("single", sizes, rep(1, length(sizes)), 0.9, 0)
repeat {  # until nothing is left for the stimuli
  flat_rows <- simulate("flat", nearly$person, nearly$stimulus, 0.7, 0)
  if (VarCorr(fitted(flat_rows, crossed))$stimulus[1] < 1e-14) break
}
rows <- rbind(crossed_rows, single_rows, flat_rows)
cat("# Simulated by crossed_intercepts.R,", R.version.string, "\n", file = "crossed_intercepts_rows.csv")
suppressWarnings(write.table(rows, "crossed_intercepts_rows.csv", sep = ",", row.names = FALSE, quote = FALSE,
  append = TRUE))

out <- file("crossed_intercepts.csv", "w")
writeLines(c(version, "case,what,first,second,value"), out)
put <- function(case, what, first, second, value) writeLines(sprintf("%s,%s,%s,%s,%.15g", case, what, first, second,
  value), out)
terms <- c("(intercept)", "warmth", "tenure")
write_fit <- function(case, formula) {
  fit <- fitted(rows[rows$case == case, ], formula)
  V <- as.matrix(vcov(fit)); df <- coef(summary(fit))[, "df"]
  for (j in 1:3) {
    put(case, "coefficient", terms[j], "", fixef(fit)[[j]])
    put(case, "df", terms[j], "", df[[j]])
    for (k in 1:3) put(case, "covariance", terms[j], terms[k], V[j, k])
  }
  spread <- as.data.frame(VarCorr(fit))
  for (j in seq_len(nrow(spread))) put(case, "variance", tolower(spread$grp[j]), "", spread$vcov[j])
  put(case, "log_likelihood", "", "", as.numeric(logLik(fit)))
}
write_fit("crossed", crossed)
write_fit("single", rating ~ warmth + tenure + (1 | person))
write_fit("flat", crossed)
close(out)
