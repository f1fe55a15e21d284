{{/* What cannot go well, said before anything is changed. */}}
{{- define "turnpike.checks" -}}
{{- $class := .Values.gatewayClass }}
{{- if and $class.parametersRef.name (or $class.parameters .Values.redis.secretRef.name) }}
{{- fail "gatewayClass.parametersRef.name names GatewayParameters of your own: write what gatewayClass.parameters and redis.secretRef say into those, and leave the values empty" }}
{{- end }}
{{- if and .Values.redis.secretRef.name $class.parameters.rateLimitStore }}
{{- fail "redis.secretRef and gatewayClass.parameters.rateLimitStore both say where counters live: leave one of them" }}
{{- end }}
{{- if and (not $class.create) (or $class.parameters .Values.redis.secretRef.name) }}
{{- fail "gatewayClass.create is false, so there is no class that gatewayClass.parameters or redis.secretRef would hold for: name GatewayParameters in your own GatewayClass" }}
{{- end }}
{{- if and .Values.ingressClass.create .Values.ingressClass.gateway.create .Values.ingressClass.gateway.namespace }}
{{- fail "ingressClass.gateway.namespace is that of a Gateway of your own: set ingressClass.gateway.create to false, or leave it empty" }}
{{- end }}
{{- range $name := list "POD_NAME" "POD_IP" }}
{{- if hasKey $.Values.controller.env $name }}
{{- fail (printf "controller.env.%s is the chart's own, by which replicas know each other: with one name for all of them all would lead; leave it out" $name) }}
{{- end }}
{{- end }}
{{- range .Values.controller.extraVolumes }}
{{- if eq .name "token" }}
{{- fail "controller.extraVolumes: the volume token is the chart's own; give yours another name" }}
{{- end }}
{{- end }}
{{- /* Without a cluster to ask (helm template) nothing is found, not even this namespace. */}}
{{- if and .Values.crds.check (lookup "v1" "Namespace" "" "kube-system") }}
{{- include "turnpike.checkCluster" . }}
{{- end }}
{{- end }}

{{- define "turnpike.checkCluster" -}}
{{- if not (lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "gatewayclasses.gateway.networking.k8s.io") }}
{{- fail "the Gateway API is not in this cluster; install it first:\n\n  kubectl apply --server-side --filename https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.7.0/standard-install.yaml\n" }}
{{- end }}
{{- $remedy := "helm leaves CRDs alone that are there; apply those of the chart first:\n\n  kubectl apply --server-side --force-conflicts --filename charts/turnpike/crds\n\nor, where there is no checkout, from the chart that you install (with the same --version):\n\n  helm show crds CHART | kubectl apply --server-side --force-conflicts --filename -\n" }}
{{- range $file, $text := .Files.Glob "crds/*.yaml" }}
{{- $wanted := $text | toString | fromYaml }}
{{- $found := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $wanted.metadata.name }}
{{- if $found }}
{{- $has := dig "metadata" "annotations" "turnpike.dev/bundle-version" "0.0.0" $found }}
{{- $needs := get $wanted.metadata.annotations "turnpike.dev/bundle-version" }}
{{- if semverCompare (printf "<%s" $needs) $has }}
{{- fail (printf "the CRD %s in this cluster is of version %s, this chart needs %s; %s" $wanted.metadata.name $has $needs $remedy) }}
{{- end }}
{{- else if $.Release.IsUpgrade }}
{{- fail (printf "the CRD %s is not in this cluster; %s" $wanted.metadata.name $remedy) }}
{{- end }}
{{- end }}
{{- range dig "items" list (lookup "gateway.networking.k8s.io/v1" "GatewayClass" "" "") }}
{{- $owner := dig "annotations" "meta.helm.sh/release-namespace" "" .metadata }}
{{- if and (eq .spec.controllerName $.Values.controllerName) $owner (ne $owner $.Release.Namespace) }}
{{- fail (printf "the installation in the namespace %s has the controllerName %s already (its GatewayClass is %s); give this one another controllerName and another gatewayClass.name" $owner $.Values.controllerName .metadata.name) }}
{{- end }}
{{- end }}
{{- end }}
