// The tests of pages in a real browser. They stand apart from the provider's module so that it does not depend on what
// drives the browser.
module github.com/meshroute/terraform-provider-mesh/internal/browser

go 1.26.0

require (
	github.com/chromedp/cdproto v0.160.2
	github.com/chromedp/chromedp v0.23.1
)

require github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
