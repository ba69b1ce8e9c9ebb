package provider

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
)

// Connector returns what connects to a cluster as a provider block does that has a config_path and a config_context,
// either of which may be empty: the environment says the rest. Where nothing says which cluster is meant it is the
// one that kubectl takes. The problem says why there is no connection, and what to do.
func Connector(version string) func(kubeconfig, context string) (c *cluster.Cluster, problem string) {
	return func(kubeconfig, context string) (*cluster.Cluster, string) {
		block := map[string]attr.Value{}
		for name, value := range map[string]string{"config_path": kubeconfig, "config_context": context} {
			if value != "" {
				block[name] = attr.String(value)
			}
		}
		config := readConnection(attr.Read(attr.Object(block)))
		config.UserAgent = "terraform-provider-mesh/" + version
		if config.Host == "" && len(config.ConfigPaths) == 0 {
			config.ConfigPaths = kubectlPaths()
		}
		var diagnostics diag.Diagnostics
		c := connect(config, &diagnostics)
		var lines []string
		for _, d := range diagnostics {
			lines = append(lines, d.Summary()+": "+d.Detail())
		}
		return c, strings.Join(lines, "\n")
	}
}

// kubectlPaths returns the kubeconfigs that kubectl reads, none where there are none.
func kubectlPaths() []string {
	if several := os.Getenv("KUBECONFIG"); several != "" {
		return filepath.SplitList(several)
	}
	home, err := os.UserHomeDir()
	path := filepath.Join(home, ".kube", "config")
	if _, missing := os.Stat(path); err != nil || missing != nil {
		return nil
	}
	return []string{path}
}
