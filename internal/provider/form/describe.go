package form

import "google.golang.org/protobuf/reflect/protoreflect"

// descriptions hold, between them, one entry for each field that VirtualService and DestinationRule can reach. A
// field that several messages reach, such as the host of a Destination, has one text that is true at all of them.
var descriptions = []map[protoreflect.FullName]string{
	virtualServiceDescriptions,
	httpRouteDescriptions,
	destinationRuleDescriptions,
	connectionDescriptions,
	loadBalancerDescriptions,
}

// describe returns what a field of Istio's API decides, as Markdown in full sentences, for an attr.Docs. The names of
// an enum and the other members of a oneof are not part of it: package attr adds them. It is empty for a field that
// is not known here, which a test makes sure no field of VirtualService and DestinationRule is.
func describe(name protoreflect.FullName) string {
	for _, texts := range descriptions {
		if text, ok := texts[name]; ok {
			return text
		}
	}
	return ""
}
