// Package cluster is the only package that talks to a network. It connects to a Kubernetes API server, reads pairs of
// VirtualService and DestinationRule, changes them in an order that drops no request, and says in types what went
// wrong.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// ErrNoConfiguration says that nothing tells which cluster to talk to.
var ErrNoConfiguration = errors.New("no cluster is configured")

// Config says which cluster to talk to and as whom. The zero value of a field leaves it to the kubeconfig. The
// fields mean what the attributes of the same name mean in hashicorp/kubernetes.
type Config struct {
	// Host is the API server's URL or host:port.
	Host     string
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
}

// Exec is a command that prints credentials.
type Exec struct {
	APIVersion string
	Command    string
	Args       []string
	Env        map[string]string
}

// Cluster is a connection to one API server. It is safe for concurrent use.
type Cluster struct {
	client dynamic.Interface
	// metadata reads objects without what is in them.
	metadata   metadata.Interface
	rest       rest.Interface
	config     *rest.Config
	manager    string
	force      bool
	host       string
	identities map[istio.Kind]*identityLists
	// answered says that the API server has answered a request of ours.
	answered atomic.Bool
	// recovered is when the API server last answered a request that had failed before, in nanoseconds of Unix time; 0
	// is never.
	recovered atomic.Int64
	// asking is what is known of whether istiod can be asked.
	asking asking
}

// Connect reads the configuration and prepares a client. No request is made. An error says what is wrong with which
// file or attribute, and never what is in it.
func Connect(config Config) (*Cluster, error) {
	restConfig, err := config.restConfig()
	if err != nil {
		return nil, err
	}
	restConfig.UserAgent = config.UserAgent
	restConfig.WarningHandlerWithContext = warnings{}
	// The API server has priority and fairness of its own; a throttle in the client only adds seconds.
	restConfig.QPS = -1
	c := &Cluster{
		manager:    config.FieldManager,
		force:      config.ForceConflicts,
		host:       serverName(restConfig.Host),
		identities: newIdentityLists(),
	}
	transport, err := httpClient(restConfig, &c.answered)
	if err != nil {
		return nil, fmt.Errorf("use %s: %w", config.source(), err)
	}
	client, err := dynamic.NewForConfigAndClient(restConfig, transport)
	if err != nil {
		return nil, fmt.Errorf("use %s: %w", config.source(), err)
	}
	if c.metadata, err = metadata.NewForConfigAndClient(metadata.ConfigFor(restConfig), transport); err != nil {
		return nil, fmt.Errorf("use %s: %w", config.source(), err)
	}
	raw := dynamic.ConfigFor(restConfig)
	raw.GroupVersion, raw.APIPath = &schema.GroupVersion{Group: apiGroup, Version: apiVersion}, "/apis"
	plain, err := rest.RESTClientForConfigAndClient(raw, transport)
	if err != nil {
		return nil, fmt.Errorf("use %s: %w", config.source(), err)
	}
	c.client, c.rest, c.config = client, plain, restConfig
	return c, nil
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
		for _, name := range sortedKeys(c.Exec.Env) {
			exec.Env = append(exec.Env, clientcmdapi.ExecEnvVar{Name: name, Value: c.Exec.Env[name]})
		}
		overrides.AuthInfo.Exec = exec
	}
	return overrides
}

type warningsKey struct{}

// CollectWarnings returns a context whose requests hand the API server's warnings to warn.
func CollectWarnings(ctx context.Context, warn func(string)) context.Context {
	return context.WithValue(ctx, warningsKey{}, warn)
}

// warnings passes the API server's warnings on to whoever made the request.
type warnings struct{}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _, text string) {
	if code == 299 && text != "" {
		warn(ctx, text)
	}
}

// warn hands a warning to whoever collects them for the context.
func warn(ctx context.Context, text string) {
	if collect, ok := ctx.Value(warningsKey{}).(func(string)); ok {
		collect(text)
	}
}
