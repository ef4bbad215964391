# Reference values for cx.invariance, from lavaan. Run in this folder: Rscript invariance.R
# Effort is turned (6 - effort) so that up is good. Every model is written out: the factor has mean 0 and variance 1 in
# the first language. MLM: maximum likelihood with the Satorra-Bentler scaled chi-square and robust standard errors.
suppressPackageStartupMessages(library(lavaan))
rows <- read.csv("invariance_rows.csv", comment.char = "#")
rows$effort <- 6 - rows$effort
groups <- unique(rows$lang)
S <- length(groups)
tight <- list(rel.tol = 1e-10, x.tol = 1e-10, iter.max = 10000, eval.max = 20000)

labels <- function(prefix, own) paste0("c(", paste0(prefix, "_", ifelse(own, groups, "all"), collapse = ", "), ")*")
vector <- function(first, rest) paste0("c(", paste(c(first, rep(rest, S - 1)), collapse = ", "), ")*")

# own_loading, own_intercept: for each metric a logical vector over languages, whether its parameter is its own there.
model <- function(metrics, own_loading, own_intercept, free_variance, free_mean, defined = NULL) {
  lines <- c(
    sapply(metrics, function(m) paste0("f =~ ", labels(paste0("l_", m), own_loading[[m]]), m)),
    sapply(metrics, function(m) paste0(m, " ~ ", labels(paste0("t_", m), own_intercept[[m]]), "1")),
    paste0("f ~~ ", vector("1", if (free_variance) "NA" else "1"), "f"),
    paste0("f ~ ", vector("0", if (free_mean) "NA" else "0"), "1"),
    defined
  )
  paste(lines, collapse = "\n")
}
every <- function(metrics, value) setNames(lapply(metrics, function(m) rep(value, S)), metrics)
fitted_model <- function(syntax, ...) {
  lavaan(syntax, data = rows, group = "lang", group.label = groups, auto.var = TRUE, meanstructure = TRUE,
         control = tight, ...)
}
step <- function(metrics, name) {
  switch(name,
    configural = model(metrics, every(metrics, TRUE), every(metrics, TRUE), FALSE, FALSE),
    metric = model(metrics, every(metrics, FALSE), every(metrics, TRUE), TRUE, FALSE),
    scalar = model(metrics, every(metrics, FALSE), every(metrics, FALSE), TRUE, TRUE)
  )
}

out <- data.frame()
keep <- function(set, what, where, value) {
  out <<- rbind(out, data.frame(set = set, what = what, where = where, value = sprintf("%.12g", value)))
}

pairs <- combn(groups, 2, simplify = FALSE)
sets <- list(four = c("nps", "csat", "effort", "value"), three = c("nps", "csat", "value"))
for (set in names(sets)) {
  metrics <- sets[[set]]
  fits <- list()
  for (name in c("configural", "metric", "scalar")) {
    fit <- fits[[name]] <- fitted_model(step(metrics, name), estimator = "MLM")
    m <- fitMeasures(fit)
    keep(set, "unscaled", name, m["chisq"])
    keep(set, "df", name, m["df"])
    keep(set, "cfi_normal", name, m["cfi"])
    if (m["df"] > 0) {
      keep(set, "chi_square", name, m["chisq.scaled"])
      keep(set, "scaling", name, m["chisq.scaling.factor"])
      keep(set, "p_value", name, m["pvalue.scaled"])
      keep(set, "cfi", name, m["cfi.robust"])
      keep(set, "rmsea", name, m["rmsea.robust"])
    }
    keep(set, "baseline", name, m["baseline.chisq"])
    keep(set, "baseline scaling", name, m["baseline.chisq.scaling.factor"])
    weighted <- fitted_model(step(metrics, name), estimator = "MLR", sampling.weights = "weight")
    keep(set, "unscaled with weights", name, fitMeasures(weighted, "chisq"))
  }
  for (name in c("metric", "scalar")) {
    before <- fits[[if (name == "metric") "configural" else "metric"]]
    if (fitMeasures(before, "df") > 0) {
      test <- lavTestLRT(before, fits[[name]], method = "satorra.bentler.2001")
      keep(set, "difference", name, test[2, "Chisq diff"])
      keep(set, "difference df", name, test[2, "Df diff"])
      keep(set, "difference p", name, test[2, "Pr(>Chisq)"])
    }
  }
  # One loading (in the metric model) or intercept (in the scalar model) freed in one language: the chi-square left, the
  # language's own value minus that of the others, and its error by normal theory and robust.
  for (m in metrics) for (g in groups) for (kind in c("loading", "intercept")) {
    own <- every(metrics, FALSE)
    own[[m]] <- groups == g
    letter <- if (kind == "loading") "l_" else "t_"
    shift <- paste0("shift := ", letter, m, "_", g, " - ", letter, m, "_all")
    syntax <- if (kind == "loading") {
      model(metrics, own, every(metrics, TRUE), TRUE, FALSE, shift)
    } else {
      model(metrics, every(metrics, FALSE), own, TRUE, TRUE, shift)
    }
    plain <- fitted_model(syntax, estimator = "ML", information = "expected")
    robust <- fitted_model(syntax, estimator = "MLM")
    line <- function(fit) subset(parameterEstimates(fit), op == ":=")
    where <- paste(m, g)
    keep(set, paste(kind, "freed"), where, fitMeasures(plain, "chisq"))
    keep(set, paste(kind, "shift"), where, line(plain)$est)
    keep(set, paste(kind, "shift error, normal theory"), where, line(plain)$se)
    keep(set, paste(kind, "shift error"), where, line(robust)$se)
  }
  # One metric's loadings or intercepts freed in every language: the differences between languages, robust errors.
  for (m in metrics) for (kind in c("loading", "intercept")) {
    own <- every(metrics, FALSE)
    own[[m]] <- rep(TRUE, S)
    letter <- if (kind == "loading") "l_" else "t_"
    defined <- sapply(pairs, function(p) {
      paste0("d_", p[1], "_", p[2], " := ", letter, m, "_", p[1], " - ", letter, m, "_", p[2])
    })
    syntax <- if (kind == "loading") {
      model(metrics, own, every(metrics, TRUE), TRUE, FALSE, defined)
    } else {
      model(metrics, every(metrics, FALSE), own, TRUE, TRUE, defined)
    }
    found <- parameterEstimates(fitted_model(syntax, estimator = "MLM"))
    found <- found[found$op == ":=", ]
    for (i in seq_along(pairs)) {
      where <- paste0(m, " ", pairs[[i]][1], " - ", pairs[[i]][2])
      keep(set, paste(kind, "difference"), where, found$est[i])
      keep(set, paste(kind, "difference error"), where, found$se[i])
    }
  }
}
header <- paste0("# ", R.version.string, ", lavaan ", packageVersion("lavaan"), ". Written by invariance.R.")
file <- file("invariance.csv", "w")
writeLines(header, file)
write.csv(out, file, row.names = FALSE, quote = 2)
close(file)
