package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/envoy"
	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/scenario"
)

// The names of the two Envoys, also of their log files.
const (
	SidecarServer = "envoy-sidecar"
	GatewayServer = "envoy-gateway"
)

// istiodAudience is the one for which istiod accepts tokens.
const istiodAudience = "istio-ca"

// startProxies starts both Envoys and returns when they listen. The sidecar asks istiod without TLS, as the other
// clients in the lab do; the gateway says who it is, because istiod gives certificates to nobody else.
func (l *Lab) startProxies(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Join(l.Dir, "envoy"), 0o700); err != nil {
		return fmt.Errorf("make lab directory: %w", err)
	}
	s := l.Scenario
	for _, proxy := range []*envoy.Proxy{&s.Sidecar, &s.Gateway} {
		proxy.Admin = l.Cluster.Address()
	}
	if err := l.launch(SidecarServer, s.Sidecar, envoy.Istiod{Address: l.Cluster.XDS}); err != nil {
		return err
	}
	token, err := l.Cluster.Admin.Token(ctx, s.Gateway.Namespace, s.Gateway.ServiceAccount, istiodAudience)
	if err != nil {
		return err
	}
	if err := l.launch(GatewayServer, s.Gateway, envoy.Istiod{
		Address: l.Cluster.SecureXDS, Root: l.Cluster.IstiodRoot, Host: cluster.IstiodHost, Token: token,
	}); err != nil {
		return err
	}
	return l.Cluster.Wait(ctx, "the Envoys' listeners", func(ctx context.Context) error {
		var errs []error
		for _, address := range l.listeners() {
			connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			errs = append(errs, connection.Close())
		}
		return errors.Join(errs...)
	})
}

// listeners are where the Envoys listen.
func (l *Lab) listeners() []string {
	var all []string
	for address, ports := range map[string][]int{
		l.Scenario.Sidecar.Address: {scenario.Port, scenario.HTTPPort},
		l.Scenario.Gateway.Address: {scenario.GatewayPort, scenario.GatewayTLSPort},
	} {
		for _, port := range ports {
			all = append(all, net.JoinHostPort(address, strconv.Itoa(port)))
		}
	}
	return all
}

func (l *Lab) launch(name string, proxy envoy.Proxy, istiod envoy.Istiod) error {
	bootstrap, err := proxy.Bootstrap(istiod)
	if err != nil {
		return err
	}
	file := filepath.Join(l.Dir, "envoy", name+".json")
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		return fmt.Errorf("write bootstrap: %w", err)
	}
	return l.Cluster.Launch(name, nil, l.Envoy.Argv(file)...)
}

// proxyEnv are the variables that say where the proxies are. Without an Envoy they are only those of the Gateway,
// which is there for who asks istiod in its name.
func (l *Lab) proxyEnv() []string {
	env := []string{
		"MESHLAB_GATEWAY_NAME=" + scenario.GatewayNamespace + "/" + scenario.GatewayName,
		"MESHLAB_GATEWAY_HTTP_PORT=" + strconv.Itoa(scenario.GatewayPort),
		"MESHLAB_GATEWAY_HTTPS_PORT=" + strconv.Itoa(scenario.GatewayTLSPort),
	}
	if l.Envoy.File == "" {
		return env
	}
	return append(env,
		"MESHLAB_ENVOY_VERSION="+l.Envoy.Version,
		"MESHLAB_SIDECAR_ADDRESS="+l.Scenario.Sidecar.Address,
		"MESHLAB_SIDECAR_ADMIN="+l.Scenario.Sidecar.Admin,
		"MESHLAB_GATEWAY_ADDRESS="+l.Scenario.Gateway.Address,
		"MESHLAB_GATEWAY_ADMIN="+l.Scenario.Gateway.Admin,
		"MESHLAB_GATEWAY_CA="+filepath.Join(l.Dir, "ca.crt"))
}

// ownVariable says whether only a lab sets a variable.
func ownVariable(entry string) bool {
	for _, prefix := range []string{
		"KUBE", "MESH_TEST_", "MESHLAB_SIDECAR_", "MESHLAB_GATEWAY_", "MESHLAB_ENVOY_", "MESHLAB_METRICS=",
		"MESHLAB_PROMETHEUS=",
	} {
		if strings.HasPrefix(entry, prefix) {
			return true
		}
	}
	return false
}
