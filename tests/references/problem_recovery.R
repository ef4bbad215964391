# Adjusted means of three groups (predictive margins of a logistic and of a linear model), and slopes of a rating with
# and without a problem, by the survey package; the share that is silent by prop.test, which is Wilson's interval.
# Run: Rscript problem_recovery.R   (writes problem_recovery.csv)
suppressPackageStartupMessages(library(survey))
out <- file("problem_recovery.csv", "w")
writeLines(c(sprintf("# %s; survey %s", R.version.string, packageVersion("survey")), "design,part,term,estimate,std_error"), out)
put <- function(design, part, term, estimate, error) writeLines(sprintf("%s,%s,%s,%.15g,%.15g", design, part, term, estimate, error), out)

# Made from whole numbers alone, so that no row needs storing; tests/methods/test_problem_recovery.py makes the same.
n <- 900
i <- seq_len(n) - 1
draw <- function(a, m) ((i * a + 17) %% m) / m
d <- data.frame(tenure = (i * 37) %% 11, rating = 1 + (i * 53) %% 5, firm = (i * 29) %% 45)
d$plan <- c("basic", "plus", "pro")[1 + (i * 61) %% 3]
d$problem <- as.integer(draw(7919, 9973) < .25 + .02 * d$tenure)
d$fixed <- ifelse(d$problem == 1, as.integer(draw(104729, 9967) < .55), NA)
d$told <- ifelse(d$problem == 1, as.integer(draw(15485, 9949) < .4), NA)
d$group <- factor(ifelse(d$problem == 0, "no problem", ifelse(d$fixed == 1, "recovered", "unrecovered")))
line <- -1 + .12 * d$tenure + .35 * (d$rating - 3) * (1 + d$problem) - .9 * (d$group == "unrecovered") - .2 * (d$plan == "pro")
d$back <- as.integer(draw(32452, 9941) < plogis(line))
d$spend <- round(40 + 10 * line + 30 * (draw(49979, 9931) - .5), 2)
d$w <- c(.5, 1, 2.5)[1 + (i * 71) %% 3]

designs <- list(simple = svydesign(~1, weights = ~1, data = d), weight = svydesign(~1, weights = ~w, data = d),
                cluster = svydesign(~firm, weights = ~1, data = d), both = svydesign(~firm, weights = ~w, data = d))
tight <- glm.control(epsilon = 1e-14, maxit = 50)
for (name in names(designs)) {
  des <- designs[[name]]
  models <- list(back = svyglm(back ~ tenure + plan, des, family = quasibinomial(), control = tight),
                 spend = svyglm(spend ~ tenure + plan, des))
  for (y in names(models)) {
    m <- svypredmeans(models[[y]], ~group)
    for (g in names(coef(m))) put(name, y, g, coef(m)[[g]], SE(m)[[g]])
  }
  slopes <- list(back = svyglm(back ~ problem + rating:I(1 - problem) + rating:problem + tenure + plan, des,
                               family = quasibinomial(), control = tight),
                 spend = svyglm(spend ~ problem + rating:I(1 - problem) + rating:problem + tenure + plan, des))
  for (y in names(slopes)) {
    b <- coef(slopes[[y]]); v <- vcov(slopes[[y]])
    at <- grep("rating", names(b)); met <- at[!grepl("1 - problem", names(b)[at])]; un <- setdiff(at, met)
    put(name, paste0(y, " slope"), "no problem", b[un], sqrt(v[un, un]))
    put(name, paste0(y, " slope"), "problem", b[met], sqrt(v[met, met]))
    put(name, paste0(y, " slope"), "problem - no problem", b[met] - b[un], sqrt(v[met, met] + v[un, un] - 2 * v[met, un]))
  }
}
silent <- sum(d$told == 0, na.rm = TRUE); asked <- sum(!is.na(d$told))
ci <- prop.test(silent, asked, correct = FALSE)$conf.int
put("simple", "silent", "low", ci[1], NA); put("simple", "silent", "high", ci[2], NA)
close(out)
