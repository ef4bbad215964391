# Linear models with correlated normal intercepts and slopes per person, by maximum likelihood: lme4; profile limits of
# the SD of the slopes: confint(method = "profile"); on ratings of lecturers, too: InstEval of lme4 (estimates only).
# Run in this folder: Rscript random_slopes.R   (writes random_slopes_rows.csv and random_slopes.csv)
suppressPackageStartupMessages(library(lme4))
set.seed(20261126)
simulate <- function(case, sizes, sd_slope, by_hope, rating = FALSE) {
  person <- rep(seq_along(sizes), sizes); n <- length(person); level <- function(sd) rnorm(length(sizes), sd = sd)[person]
  speed <- pmin(10, pmax(0, round(5 + level(1.5) + rnorm(n, sd = 1.5))))
  hope <- round(level(1) + if (rating) rnorm(n) else 0, 2)
  slope <- 0.4 + level(sd_slope) - by_hope * hope
  y <- 3 + level(0.6) + slope * (speed - 5) * (if (rating) 0.6 else 1) + rnorm(n)
  data.frame(case, person, speed, hope, joy = if (rating) pmin(5, pmax(1, round(y))) else round(y, 3))
}
sizes <- function(persons, most) c(1, 2, sample(1:most, persons - 2, replace = TRUE))
rows <- rbind(simulate("hoped", sizes(60, 14), 0.35, 0.3), simulate("rated", sizes(50, 16), 0.25, 0.1, TRUE))
repeat {  # until the top lies where intercepts and slopes correlate perfectly
  edge <- simulate("edge", sizes(45, 9), 0.12, 0)
  edge$w <- edge$speed - ave(edge$speed, edge$person)
  fit <- suppressMessages(lmer(joy ~ w + ave(speed, person) + (1 + w | person), edge, REML = FALSE))
  found <- attr(VarCorr(fit)$person, "correlation")[2, 1]
  if (is.finite(found) && abs(found) > 1 - 1e-6 && attr(VarCorr(fit)$person, "stddev")[2] > 0.03) break
}
rows <- rbind(rows, edge[names(rows)])
cat("# Simulated by random_slopes.R,", R.version.string, "\n", file = "random_slopes_rows.csv")
suppressWarnings(write.table(rows, "random_slopes_rows.csv", sep = ",", row.names = FALSE, quote = FALSE, append = TRUE))

control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-11, maxfun = 1e5),
  check.conv.singular = "ignore", check.conv.grad = "ignore", check.conv.hess = "ignore")
fitted <- function(data, formula) {  # each climb starts where the one before ended
  start <- NULL
  for (again in 1:4) {
    fit <- lmer(formula, data, REML = FALSE, control = control, start = start); start <- getME(fit, "theta")
  }
  fit
}
out <- file("random_slopes.csv", "w")
writeLines(c(sprintf("# %s; lme4 %s; made by random_slopes.R", R.version.string, packageVersion("lme4")),
  "case,model,what,value"), out)
prepared <- function(data) {
  data$mean <- ave(data$speed, data$person); data$w <- data$speed - data$mean
  data$hoped <- ave(data$hope, data$person); data$felt <- data$hope - data$hoped
  data$hoped <- data$hoped - mean(tapply(data$hoped, data$person, mean))
  data
}
write_fit <- function(case, model, data, fixed, profiled = TRUE) {
  put <- function(what, value) writeLines(sprintf("%s,%s,%s,%.12g", case, model, what, value), out)
  fit <- fitted(data, update(fixed, . ~ . + (1 + w | person)))
  spread <- VarCorr(fit)$person
  put(paste("coefficient", names(fixef(fit))), fixef(fit)); put(paste("se", names(fixef(fit))), sqrt(diag(as.matrix(vcov(fit)))))
  put("intercept_sd", attr(spread, "stddev")[[1]]); put("slope_sd", attr(spread, "stddev")[[2]])
  put("correlation", attr(spread, "correlation")[2, 1]); put("residual_sd", sigma(fit))
  put("log_likelihood", as.numeric(logLik(fit)))
  put("no slopes", as.numeric(logLik(fitted(data, update(fixed, . ~ . + (1 | person))))))
  if (!profiled) return(invisible())
  for (level in c(0.5, 0.95)) {
    limits <- suppressWarnings(confint(fit, parm = 3, level = level, method = "profile", devtol = 1e-6, quiet = TRUE))
    put(paste(c("low", "high"), level), limits)
  }
}
plain <- joy ~ w + mean
for (case in unique(rows$case)) {
  data <- prepared(rows[rows$case == case, ])
  main <- if (case == "rated") joy ~ w + mean + hoped + felt else joy ~ w + mean + hoped
  full <- if (case == "rated") update(main, . ~ . + w:hoped + w:felt) else update(main, . ~ . + w:hoped)
  write_fit(case, "plain", data, plain, case != "edge")
  if (case != "edge") { write_fit(case, "main", data, main); write_fit(case, "moderated", data, full) }
}
lectures <- data.frame(person = as.integer(InstEval$s), speed = as.integer(InstEval$lectage), hope = as.integer(InstEval$studage),
  joy = InstEval$y)
write_fit("lectures", "plain", prepared(lectures), plain, FALSE)
close(out)
