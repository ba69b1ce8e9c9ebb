package cluster

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
)

func (c *Cluster) startEtcd() (string, error) {
	client, peer := "http://"+c.Address(), "http://"+c.Address()
	return client, c.launch(Etcd, nil,
		"--data-dir", filepath.Join(c.dir, "etcd"),
		"--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer,
		"--unsafe-no-fsync", "--log-level", "warn")
}

func (c *Cluster) startAPIServer(ctx context.Context, etcdURL string) error {
	port := c.block.Next()
	c.URL = fmt.Sprintf("https://127.0.0.1:%d", port)
	pki := func(name string) string { return filepath.Join(c.dir, "pki", name) }
	err := c.launch(APIServer, nil,
		"--etcd-servers="+etcdURL,
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", port), "--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none",
		"--cert-dir="+pki(""), "--tls-cert-file="+pki("server.crt"), "--tls-private-key-file="+pki("server.key"),
		"--client-ca-file="+filepath.Join(c.dir, "ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+pki("sa.pub"), "--service-account-signing-key-file="+pki("sa.key"),
		"--token-auth-file="+pki("tokens.csv"),
		"--kubelet-client-certificate="+pki("kubelet-client.crt"), "--kubelet-client-key="+pki("kubelet-client.key"),
		"--kubelet-certificate-authority="+filepath.Join(c.dir, "ca.crt"),
		"--kubelet-preferred-address-types=InternalIP",
		"--authorization-mode=RBAC", "--service-cluster-ip-range=10.96.0.0/16",
		"--disable-admission-plugins=ServiceAccount")
	if err != nil {
		return err
	}
	if c.Admin, err = NewClient(&rest.Config{
		Host:            c.URL,
		BearerToken:     c.tokens[admin],
		TLSClientConfig: rest.TLSClientConfig{CAData: c.ca.PEM},
	}); err != nil {
		return err
	}
	if err := c.writeKubeconfigs(); err != nil {
		return err
	}
	return c.wait(ctx, APIServer, func(ctx context.Context) error {
		_, err := Get(ctx, c.Admin.http, c.URL+"/readyz")
		return err
	})
}

// meshYAML leaves out what a stock Envoy cannot do: metrics are Istio's own filter, and the certificates of automatic
// mTLS come from Istio's agent.
const meshYAML = `
defaultConfig: {discoveryAddress: %q}
trustDomain: cluster.local
rootNamespace: %s
enableAutoMtls: false
defaultProviders: {metrics: []}
`

func (c *Cluster) startIstiod(ctx context.Context) error {
	dir := filepath.Join(c.dir, "istiod")
	c.XDS, c.SecureXDS = c.Address(), c.Address()
	status, webhook, monitoring := c.Address(), c.Address(), c.Address()
	files := map[string]string{
		"mesh.yaml":     fmt.Sprintf(meshYAML, c.XDS, RootNamespace),
		"networks.yaml": "networks: {}\n",
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return fmt.Errorf("write istiod's configuration: %w", err)
		}
	}
	if err := c.Admin.Apply(ctx, namespaceYAML(RootNamespace)); err != nil {
		return err
	}
	// The webhooks that istiod would patch are of a normal installation; the lab registers its own.
	env := []string{
		"POD_NAME=istiod-0", "POD_NAMESPACE=" + RootNamespace, "REVISION=default",
		"PILOT_CERT_PROVIDER=istiod", "ENABLE_CA_SERVER=true",
		"INJECTION_WEBHOOK_CONFIG_NAME=", "VALIDATION_WEBHOOK_CONFIG_NAME=",
		// Istio's own filters, which a stock Envoy lacks: with one of them in it a listener is refused.
		"PILOT_ENABLE_METADATA_EXCHANGE=false", "PILOT_DISABLE_MX_ALPN=true", "PILOT_ENABLE_ALPN_FILTER=false",
	}
	if err := c.launch(Istiod, env, "discovery",
		"--kubeconfig", c.Kubeconfig(admin),
		"--grpcAddr", c.XDS, "--httpAddr", status, "--httpsAddr", webhook,
		"--secureGRPCAddr", c.SecureXDS, "--monitoringAddr", monitoring, "--ctrlz_port", fmt.Sprint(c.block.Next()),
		"--meshConfig",
		filepath.Join(dir, "mesh.yaml"),
		"--networksConfig",
		filepath.Join(dir, "networks.yaml")); err != nil {
		return err
	}
	err := c.wait(ctx, Istiod, func(ctx context.Context) error {
		_, err := Get(ctx, http.DefaultClient, "http://"+status+"/ready")
		return err
	})
	if err != nil {
		return err
	}
	if err := c.registerWebhook(ctx, webhook); err != nil {
		return err
	}
	if err := c.startNode(ctx); err != nil {
		return err
	}
	return c.RunPod(ctx, Pod{
		Name: "istiod-0", Labels: "app: istiod, istio: pilot, istio.io/rev: default",
		Container: "discovery", Image: "pilot",
		Ports: []PodPort{{"http-debug", 8080, status}, {"http-monitoring", 15014, monitoring}},
	})
}
