package walk

import "math"

// Count is how many of some requests failed.
type Count struct {
	Requests, Failed float64
}

// Rate is the part of the requests that failed, 0 of none.
func (c Count) Rate() float64 {
	if c.Requests <= 0 {
		return 0
	}
	return min(max(c.Failed/c.Requests, 0), 1)
}

// Worse returns by how much, at least, the failure rate of one version is above that of another, at a confidence such
// as 0.95: below 0 where it may as well be better. Without requests on both sides nothing is known, and it is -1.
//
// It is the lower bound of Newcombe's hybrid score interval for the difference of two proportions, one-sided. That
// keeps its confidence at rates near 0, which is where those of services are, and with few requests, where the
// textbook's normal bound does not.
//
// Source: R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of
// eleven methods", Statistics in Medicine 17 (1998) 873–890, method 10, from the score intervals of E. B. Wilson,
// "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209–212.
func Worse(is, than Count, confidence float64) float64 {
	if is.Requests <= 0 || than.Requests <= 0 {
		return -1
	}
	z := quantile(confidence)
	low, _ := wilson(is, z)
	_, high := wilson(than, z)
	p, q := is.Rate(), than.Rate()
	return p - q - math.Hypot(p-low, high-q)
}

// wilson returns the score interval of a proportion.
func wilson(c Count, z float64) (low, high float64) {
	n, p := c.Requests, c.Rate()
	center := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, center-half), min(1, center+half)
}

// quantile returns how many standard deviations above the mean a normal variable stays with a probability.
func quantile(probability float64) float64 { return math.Sqrt2 * math.Erfinv(2*probability-1) }

// Confidence returns the confidence of each of so many judgements with which that of all of them together is 95 %: a
// walk in which nothing is wrong is stopped by a comparison in one of twenty at most. Source: Bonferroni's
// inequality.
func Confidence(judgements int) float64 { return 1 - 0.05/float64(max(judgements, 1)) }
