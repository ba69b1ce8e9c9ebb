package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// errNotKubeconfig stands in for the YAML reader's error, which can quote what it read: a kubeconfig holds secrets.
var errNotKubeconfig = errors.New("it is no kubeconfig in YAML")

// largestKubeconfig is far more than the kubeconfig of a thousand clusters.
const largestKubeconfig = 10 << 20

var lineNumber = regexp.MustCompile(`\bline \d+`)

// restConfig merges the kubeconfig files and what is set beside them, as kubectl does with its flags, but for
// credentials: who gives some beside a kubeconfig means those, and not a client certificate of its user, which would
// win over a token without a word.
func (c Config) restConfig() (*rest.Config, error) {
	if len(c.ConfigPaths) == 0 && c.Host == "" && os.Getenv("KUBERNETES_SERVICE_HOST") == "" {
		return nil, ErrNoConfiguration
	}
	rules, err := c.loadingRules()
	if err != nil {
		return nil, err
	}
	if err := c.check(rules); err != nil {
		return nil, fmt.Errorf("read %s: %w", c.source(), err)
	}
	client := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, c.overrides())
	if len(c.ConfigPaths) > 0 && c.hasCredentials() {
		file, err := rules.Load()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", c.source(), errNotKubeconfig)
		}
		for name := range file.AuthInfos {
			file.AuthInfos[name] = clientcmdapi.NewAuthInfo()
		}
		client = clientcmd.NewNonInteractiveClientConfig(*file, c.ConfigContext, c.overrides(), rules)
	}
	restConfig, err := client.ClientConfig()
	switch {
	case clientcmd.IsEmptyConfig(err) && len(c.ConfigPaths) == 0:
		return nil, ErrNoConfiguration
	case clientcmd.IsEmptyConfig(err):
		return nil, fmt.Errorf(
			"read %s: it names no cluster: check its current-context, or choose one with config_context", c.source(),
		)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", c.source(), err)
	}
	return restConfig, nil
}

// hasCredentials reports whether credentials are given beside the kubeconfig.
func (c Config) hasCredentials() bool {
	return c.Token != "" || c.ClientCertificate != "" || c.Username != "" || c.Exec != nil
}

// source says where the configuration comes from.
func (c Config) source() string {
	if len(c.ConfigPaths) == 0 {
		return "the connection attributes"
	}
	return "kubeconfig " + strings.Join(c.ConfigPaths, ", ")
}

func (c Config) loadingRules() (*clientcmd.ClientConfigLoadingRules, error) {
	rules := &clientcmd.ClientConfigLoadingRules{WarnIfAllMissing: false}
	var paths []string
	exists := false
	for _, p := range c.ConfigPaths {
		expanded, err := ExpandHome(p)
		if err != nil {
			return nil, fmt.Errorf("read kubeconfig %s: %w", p, err)
		}
		switch err := parse(expanded); {
		case err == nil:
			exists = true
		case !errors.Is(err, fs.ErrNotExist) || len(c.ConfigPaths) == 1:
			return nil, fmt.Errorf("read kubeconfig %s: %w", p, err)
		}
		paths = append(paths, expanded)
	}
	if len(paths) > 0 && !exists {
		return nil, fmt.Errorf("read kubeconfig %s: none of the files exists", strings.Join(c.ConfigPaths, ", "))
	}
	if len(paths) == 1 {
		rules.ExplicitPath = paths[0]
	} else {
		rules.Precedence = paths
	}
	return rules, nil
}

// parse reports why a file is not a kubeconfig, without a word of what is in it.
func parse(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a directory")
	case path != os.DevNull && !info.Mode().IsRegular():
		// It is read more than once, and a device or a pipe may never end.
		return errors.New("it is no regular file")
	case info.Size() > largestKubeconfig:
		return fmt.Errorf("it has more than %d bytes", largestKubeconfig)
	}
	_, err = clientcmd.LoadFromFile(path)
	var unreadable *fs.PathError
	if err == nil || errors.As(err, &unreadable) {
		return err
	}
	if line := lineNumber.FindString(err.Error()); line != "" {
		return fmt.Errorf("%w (see %s)", errNotKubeconfig, line)
	}
	return errNotKubeconfig
}

// check refuses what client-go would refuse with a text that quotes passwords, and what it would silently ignore.
func (c Config) check(rules *clientcmd.ClientConfigLoadingRules) error {
	if (c.ClientCertificate == "") != (c.ClientKey == "") {
		return errors.New("client_certificate and client_key must be set together")
	}
	if c.Exec != nil && c.Exec.Command == "" {
		return errors.New("exec needs a command")
	}
	if c.Insecure && c.ClusterCACertificate != "" {
		return errors.New("insecure and cluster_ca_certificate exclude each other")
	}
	file, err := rules.Load()
	if err != nil {
		return errNotKubeconfig
	}
	server, proxy := "its server", "its proxy-url"
	var cluster clientcmdapi.Cluster
	if chosen := file.Clusters[c.clusterName(file)]; chosen != nil {
		cluster = *chosen
	}
	if c.Host != "" {
		server, cluster.Server = "host", c.Host
	}
	if c.ProxyURL != "" {
		proxy, cluster.ProxyURL = "proxy_url", c.ProxyURL
	}
	if _, err := serverURL(cluster.Server); err != nil && cluster.Server != "" {
		return fmt.Errorf("%s must be a URL or host:port", server)
	}
	if u, err := url.Parse(cluster.ProxyURL); cluster.ProxyURL != "" && (err != nil || !isProxyScheme(u.Scheme)) {
		return fmt.Errorf("%s must be a URL with the scheme http, https or socks5", proxy)
	}
	return nil
}

// clusterName is the name that the chosen cluster has in the kubeconfig.
func (c Config) clusterName(file *clientcmdapi.Config) string {
	if c.ConfigContextCluster != "" {
		return c.ConfigContextCluster
	}
	name := c.ConfigContext
	if name == "" {
		name = file.CurrentContext
	}
	if chosen := file.Contexts[name]; chosen != nil {
		return chosen.Cluster
	}
	return ""
}

func isProxyScheme(scheme string) bool {
	return scheme == "http" || scheme == "https" || scheme == "socks5"
}

// ExpandHome returns a path whose leading ~ is the home directory as the path that it means.
func ExpandHome(p string) (string, error) {
	if p != "~" && !strings.HasPrefix(p, "~/") {
		return p, nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, strings.TrimPrefix(p, "~")), err
}

// serverName is a server's address as it may be printed: without a user and a password.
func serverName(host string) string {
	if u, err := url.Parse(host); err == nil && u.User != nil {
		u.User = nil
		return u.String()
	}
	return host
}

// ErrNoConfiguration says that nothing tells which cluster to talk to.
var ErrNoConfiguration = errors.New("no cluster is configured")

// Config says which cluster to talk to and as whom. The zero value of a field leaves it to the kubeconfig. The
// fields mean what the attributes of the same name mean in hashicorp/kubernetes.
type Config struct {
	// Host is the API server's URL or host:port.
	Host string
	// HostAlone says that Host was given without regard to ConfigPaths: a kubeconfig of another server is left out.
	HostAlone bool

	Username string
	Password string
	// Insecure switches the verification of the API server's certificate off.
	Insecure      bool
	TLSServerName string
	// ClientCertificate, ClientKey and ClusterCACertificate are PEM.
	ClientCertificate    string
	ClientKey            string
	ClusterCACertificate string
	// ConfigPaths are kubeconfig files; a leading ~ is the home directory. Several are merged as kubectl does.
	ConfigPaths           []string
	ConfigContext         string
	ConfigContextAuthInfo string
	ConfigContextCluster  string
	Token                 string
	ProxyURL              string
	Exec                  *Exec

	UserAgent string
	// FieldManager is the name under which fields are owned in server-side apply.
	FieldManager string
	// ForceConflicts takes fields from other managers.
	ForceConflicts bool

	// dial makes the connections, nil for those over the network.
	dial dialer
}

// Exec is a command that prints credentials.
type Exec struct {
	APIVersion string
	Command    string
	Args       []string
	Env        map[string]string
}

func (c Config) overrides() *clientcmd.ConfigOverrides {
	overrides := &clientcmd.ConfigOverrides{CurrentContext: c.ConfigContext}
	overrides.Context.AuthInfo = c.ConfigContextAuthInfo
	overrides.Context.Cluster = c.ConfigContextCluster
	overrides.ClusterInfo = clientcmdapi.Cluster{
		Server: c.Host, TLSServerName: c.TLSServerName, InsecureSkipTLSVerify: c.Insecure,
		CertificateAuthorityData: []byte(c.ClusterCACertificate), ProxyURL: c.ProxyURL,
	}
	if c.Host != "" && !strings.Contains(c.Host, "://") {
		overrides.ClusterInfo.Server = "https://" + c.Host
	}
	overrides.AuthInfo = clientcmdapi.AuthInfo{
		ClientCertificateData: []byte(c.ClientCertificate), ClientKeyData: []byte(c.ClientKey),
		Token: c.Token, Username: c.Username, Password: c.Password,
	}
	if c.Exec != nil {
		exec := &clientcmdapi.ExecConfig{
			APIVersion: c.Exec.APIVersion, Command: c.Exec.Command, Args: c.Exec.Args,
			InteractiveMode: clientcmdapi.IfAvailableExecInteractiveMode,
		}
		for _, name := range slices.Sorted(maps.Keys(c.Exec.Env)) {
			exec.Env = append(exec.Env, clientcmdapi.ExecEnvVar{Name: name, Value: c.Exec.Env[name]})
		}
		overrides.AuthInfo.Exec = exec
	}
	return overrides
}
