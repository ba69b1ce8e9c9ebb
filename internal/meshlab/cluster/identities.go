package cluster

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshroute/terraform-provider-mesh/internal/meshlab/pki"
)

// The users. What Developer and Acker may do is up to the scenario; Nobody may do nothing.
const (
	admin     = "admin"
	Developer = "developer"
	Acker     = "acker"
	Nobody    = "nobody"
)

var users = []string{admin, Developer, Acker, Nobody}

// Kubeconfig returns the file with which a user reaches the API server.
func (c *Cluster) Kubeconfig(user string) string {
	if user == admin {
		return filepath.Join(c.dir, "kubeconfig")
	}
	return filepath.Join(c.dir, "kubeconfig-"+user)
}

// writeIdentities writes all certificates, keys and tokens. The administrator can also log in with DIR/client.crt.
func (c *Cluster) writeIdentities() error {
	var err error
	if c.ca, err = pki.NewAuthority("meshlab"); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.dir, "ca.crt"), c.ca.PEM, 0o600); err != nil {
		return fmt.Errorf("write certificate authority: %w", err)
	}
	c.tokens = map[string]string{}
	var csv string
	for _, user := range users {
		c.tokens[user] = user + "-" + rand.Text()
		groups := ""
		if user == admin {
			groups = `,"system:masters"`
		}
		csv += fmt.Sprintf("%s,%s,%s%s\n", c.tokens[user], user, user, groups)
	}
	if err := os.WriteFile(filepath.Join(c.dir, "pki", "tokens.csv"), []byte(csv), 0o600); err != nil {
		return fmt.Errorf("write tokens: %w", err)
	}
	dir := filepath.Join(c.dir, "pki")
	return together(
		func() error { return pki.WriteServiceAccountKeys(dir) },
		func() error {
			return c.ca.WriteServer(filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key"), APIServer)
		},
		func() error {
			return c.ca.WriteServer(filepath.Join(dir, "kubelet.crt"), filepath.Join(dir, "kubelet.key"), "kubelet")
		},
		func() error {
			return c.ca.WriteClient(filepath.Join(dir, "kubelet-client.crt"), filepath.Join(dir, "kubelet-client.key"),
				APIServer)
		},
		func() error {
			return c.ca.WriteClient(filepath.Join(c.dir, "client.crt"), filepath.Join(c.dir, "client.key"), admin,
				"system:masters")
		},
	)
}

func (c *Cluster) writeKubeconfigs() error {
	for _, user := range users {
		config := api.Config{
			Clusters:       map[string]*api.Cluster{"meshlab": {Server: c.URL, CertificateAuthorityData: c.ca.PEM}},
			AuthInfos:      map[string]*api.AuthInfo{user: {Token: c.tokens[user]}},
			Contexts:       map[string]*api.Context{"meshlab": {Cluster: "meshlab", AuthInfo: user}},
			CurrentContext: "meshlab",
		}
		if err := clientcmd.WriteToFile(config, c.Kubeconfig(user)); err != nil {
			return fmt.Errorf("write kubeconfig of %s: %w", user, err)
		}
	}
	return nil
}
