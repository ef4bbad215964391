# What goes with memory beyond peak and end: features by loops, then linear models with normal intercepts per person, or
# crossed per person and stimulus, by REML (lme4), degrees of freedom of Satterthwaite (lmerTest).
# Run: Rscript memory_effects.R   (writes memory_effects_rows.csv and memory_effects.csv)
suppressPackageStartupMessages(library(lmerTest))
version <- sprintf("# %s; lme4 %s; lmerTest %s", R.version.string, packageVersion("lme4"), packageVersion("lmerTest"))
set.seed(20261126)
neutral <- 5
visits <- expand.grid(person = 1:22, film = 1:6)
visits <- visits[sort(sample(nrow(visits), 120)), ]
visits$visit <- sample(1000:9999, nrow(visits))
mood <- rnorm(22)[visits$person] + rnorm(6, sd = 0.7)[visits$film]
rows <- do.call(rbind, lapply(seq_len(nrow(visits)), function(i) {
  n <- sample(3:8, 1)
  felt <- pmin(pmax(round(5.6 + mood[i] + arima.sim(list(ar = 0.5), n, sd = 1.8)), 0), 10)
  data.frame(visits[i, ], minute = cumsum(sample(1:9, n, replace = TRUE)), mood = as.integer(felt), row.names = NULL)
}))
features <- do.call(rbind, lapply(split(rows, rows$visit), function(one) {
  x <- one$mood; t <- one$minute; n <- length(x); place <- (t - t[1]) / (t[n] - t[1])
  far <- abs(x - neutral)
  peak <- x[max(which(far == max(far)))]; end <- x[n]
  data.frame(visit = one$visit[1], person = one$person[1], film = one$film[1], n = n, peak = peak, end = end,
    mean = mean(x), logduration = log(t[n] - t[1]), start = x[1], middle = x[which.min(abs((t - t[1]) - (t[n] - t)))],
    worst = min(x), best = max(x), badpeak = min(peak - neutral, 0), goodpeak = max(peak - neutral, 0),
    badend = min(end - neutral, 0), goodend = max(end - neutral, 0), trend = coef(lm(x ~ place))[[2]])
}))
of_person <- rnorm(22, sd = 0.8); of_film <- rnorm(6, sd = 0.6)
features$memory <- round(1 + 0.3 * (features$peak + features$end + features$mean) + 0.1 * features$logduration +
  of_person[features$person] + of_film[features$film] + rnorm(nrow(features), sd = 0.9), 3)
rows$memory <- features$memory[match(rows$visit, features$visit)]
file <- file("memory_effects_rows.csv", "w"); writeLines(version, file)
write.csv(rows[sample(nrow(rows)), ], file, row.names = FALSE, quote = FALSE); close(file)

rule <- c("peak", "end", "mean"); parts <- c("start", "middle", "end")
questions <- list(
  list("peak", rule, c(1, 0, 0), "peak"), list("end", rule, c(0, 1, 0), "end"), list("mean", rule, c(0, 0, 1), "mean"),
  list("log duration", c(rule, "logduration"), c(0, 0, 0, 1), "logduration"),
  list("end - start", parts, c(-1, 0, 1), c("end", "start")),
  list("end - middle", parts, c(0, -1, 1), c("end", "middle")),
  list("worst - best", c("worst", "best"), c(1, -1), c("worst", "best")),
  list("bad peak - good peak", c("badpeak", "goodpeak", "end", "mean"), c(1, -1, 0, 0), c("badpeak", "goodpeak")),
  list("bad end - good end", c("peak", "badend", "goodend", "mean"), c(0, 1, -1, 0), c("badend", "goodend")),
  list("trend", c(rule, "trend"), c(0, 0, 0, 1), "trend"))
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.02, rhoend = 1e-12, maxfun = 1e5),
  check.conv.singular = "ignore", check.conv.grad = "ignore", check.scaleX = "ignore")
variance <- function(x) mean((x - mean(x))^2)
answer <- function(design, random, asked) {
  used <- features[features$n >= if (asked[[1]] == "trend") 4 else 0, ]
  own <- design != "stimulus"
  middle <- function(x) if (own) ave(x, used$person) else mean(x)
  for (name in asked[[2]]) {
    used[[paste0("own_", name)]] <- used[[name]] - middle(used[[name]])
    used[[paste0("mean_", name)]] <- middle(used[[name]])
  }
  fixed <- c(paste0("own_", asked[[2]]), if (own) paste0("mean_", asked[[2]]))
  formula <- reformulate(c(fixed, random), "memory")
  start <- NULL
  for (again in 1:4) { fit <- lmer(formula, used, control = control, start = start); start <- getME(fit, "theta") }
  contrast <- setNames(numeric(length(fixed) + 1), c("(Intercept)", fixed))
  contrast[1 + seq_along(asked[[3]])] <- asked[[3]]
  found <- contest1D(fit, contrast)
  unit <- mean(sapply(asked[[4]], function(name) variance(used[[paste0("own_", name)]])))
  ratio <- sqrt(unit / variance(used$memory - middle(used$memory)))
  data.frame(design, term = asked[[1]], estimate = found$Estimate * ratio, std_error = found$`Std. Error` * ratio,
    df = found$df)
}
designs <- list(person = "(1 | person)", both = c("(1 | person)", "(1 | film)"), stimulus = "(1 | film)")
found <- do.call(rbind, lapply(names(designs), function(design)
  do.call(rbind, lapply(questions, function(asked) answer(design, designs[[design]], asked)))))
found[3:5] <- lapply(found[3:5], function(x) trimws(format(x, digits = 15)))
file <- file("memory_effects.csv", "w"); writeLines(version, file)
write.csv(found, file, row.names = FALSE, quote = FALSE); close(file)
