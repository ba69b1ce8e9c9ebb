// Package browser opens what the provider draws in a real Chromium, and looks where everything is. It reads the files
// with which the tests of the provider's module compare what is drawn.
package browser
