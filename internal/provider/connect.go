package provider

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/meshroute/terraform-provider-mesh/internal/attr"
	"github.com/meshroute/terraform-provider-mesh/internal/cluster"
	"github.com/meshroute/terraform-provider-mesh/internal/view"
)

// Connector returns what connects a command to a cluster. The problem says why there is no connection, and what to
// do.
func Connector(version string) func(kubeconfig, context string) (c *cluster.Cluster, problem string) {
	return func(kubeconfig, context string) (*cluster.Cluster, string) {
		config := readConnection(attr.Read(attr.Object(commandBlock(kubeconfig, context))))
		config.UserAgent = "terraform-provider-mesh/" + version
		c, err := cluster.Connect(config)
		switch {
		case errors.Is(err, cluster.ErrNoConfiguration):
			return nil, "No cluster is configured. Give --kubeconfig, or set KUBE_CONFIG_PATH or KUBECONFIG, or " +
				"KUBE_HOST with KUBE_TOKEN."
		case err != nil:
			return nil, "Could not " + err.Error() + ".\nCheck --kubeconfig and --context, and the KUBE_* " +
				"environment variables."
		}
		return c, ""
	}
}

// commandBlock returns the provider block that a command goes by, whose flags give a kubeconfig and a context, either
// of which may be empty: the environment says the rest. Where nothing says which cluster is meant it is the one that
// kubectl takes.
func commandBlock(kubeconfig, context string) map[string]attr.Value {
	block := map[string]attr.Value{}
	for name, value := range map[string]string{"config_path": kubeconfig, "config_context": context} {
		if value != "" {
			block[name] = attr.String(value)
		}
	}
	config := readConnection(attr.Read(attr.Object(block)))
	if paths := kubectlPaths(); config.Host == "" && len(config.ConfigPaths) == 0 && len(paths) > 0 {
		block["config_paths"] = attr.Strings(paths)
	}
	return block
}

// OwnsKubeconfig reports whether a kubeconfig that a plan names is the one by which a command goes with these flags.
// Where it goes by several, or by the address of a server, none of them alone says which cluster that is.
func OwnsKubeconfig(flags view.Place, kubeconfig string) bool {
	config := readConnection(attr.Read(attr.Object(commandBlock(flags.Kubeconfig, flags.Context))))
	if config.Host != "" || len(config.ConfigPaths) != 1 {
		return false
	}
	own, planned := fullPath(config.ConfigPaths[0]), fullPath(kubeconfig)
	return own != "" && own == planned
}

// fullPath returns the path of a kubeconfig from the root, empty where there is no telling.
func fullPath(kubeconfig string) string {
	path, err := cluster.ExpandHome(kubeconfig)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return ""
	}
	return path
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
