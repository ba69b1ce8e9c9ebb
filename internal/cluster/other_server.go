package cluster

import (
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// withoutOther returns the configuration without a kubeconfig that does not belong to the host, and what was left out
// for that: `kubeconfig F of the server S`. Its credentials are not sent to another server.
func (c Config) withoutOther() (without Config, leftOut string) {
	if !c.HostAlone || c.Host == "" || len(c.ConfigPaths) == 0 {
		return c, ""
	}
	rules, err := c.loadingRules()
	if err != nil {
		return c, ""
	}
	file, err := rules.Load()
	if err != nil {
		return c, ""
	}
	chosen := file.Clusters[c.clusterName(file)]
	ours, err := serverURL(c.Host)
	if err != nil || chosen == nil || chosen.Server == "" {
		return c, ""
	}
	leftOut = c.source()
	if theirs, err := serverURL(chosen.Server); err == nil {
		if placeOf(ours) == placeOf(theirs) {
			return c, ""
		}
		leftOut += " of the server " + serverName(chosen.Server)
	}
	c.ConfigPaths, c.ConfigContext, c.ConfigContextAuthInfo, c.ConfigContextCluster = nil, "", "", ""
	return c, leftOut
}

// serverURL returns the address of a server as client-go takes it.
func serverURL(server string) (*url.URL, error) {
	u, _, err := rest.DefaultServerURL(server, "/", schema.GroupVersion{}, true)
	return u, err
}

// placeOf returns what two spellings of one address have in common.
func placeOf(u *url.URL) [4]string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return [4]string{u.Scheme, u.Hostname(), port, strings.TrimSuffix(u.Path, "/")}
}
