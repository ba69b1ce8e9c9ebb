package cluster

import (
	"fmt"
	"strings"

	"github.com/meshroute/terraform-provider-mesh/internal/istio"
)

// Identities are those of objects. An object that does not exist has none.
type Identities map[Address]Identity

// Existing returns the pair with only those objects that have an identity.
func (i Identities) Existing(pair istio.Objects) istio.Objects {
	return pair.Map(func(o *istio.Object) *istio.Object {
		if _, ok := i[AddressOf(o)]; !ok {
			return nil
		}
		return o
	})
}

// Identity tells one object from another at the same address, and one state of it from the next.
type Identity struct {
	UID             string
	ResourceVersion string
}

// Address names an object of a cluster.
type Address struct {
	Kind      istio.Kind
	Namespace string
	Name      string
}

// String returns the address as `VirtualService "shop/reviews"`.
func (a Address) String() string { return fmt.Sprintf("%s %q", a.Kind, a.Namespace+"/"+a.Name) }

// MarshalText returns the address as `VirtualService/shop/reviews`, so that it can be a key in JSON.
func (a Address) MarshalText() ([]byte, error) {
	return []byte(string(a.Kind) + "/" + a.Namespace + "/" + a.Name), nil
}

// UnmarshalText reads what MarshalText wrote.
func (a *Address) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), "/")
	if len(parts) != 3 {
		return fmt.Errorf("read address %q: want KIND/NAMESPACE/NAME", text)
	}
	*a = Address{Kind: istio.Kind(parts[0]), Namespace: parts[1], Name: parts[2]}
	return nil
}

// AddressOf returns the address of an object.
func AddressOf(o *istio.Object) Address {
	return Address{Kind: o.Kind(), Namespace: o.Namespace, Name: o.Name}
}
