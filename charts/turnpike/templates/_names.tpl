{{/* Names are fixed: one installation a namespace. Those of the cluster carry the namespace, so that two get along. */}}
{{- define "turnpike.name" -}}
turnpike-controller
{{- end }}

{{- define "turnpike.clusterName" -}}
turnpike-controller-{{ .Release.Namespace }}
{{- end }}

{{- define "turnpike.selector" -}}
app.kubernetes.io/name: turnpike
app.kubernetes.io/component: controller
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{/* The selector of all data planes of the class. */}}
{{- define "turnpike.dataplanes" -}}
matchLabels:
  gateway.networking.k8s.io/gateway-class-name: {{ .Values.gatewayClass.name | quote }}
matchExpressions:
  - key: gateway.networking.k8s.io/gateway-name
    operator: Exists
{{- end }}

{{/* labels and annotations of an object's metadata; with (dict "root" $ "labels" dict "annotations" dict) more of them. */}}
{{- define "turnpike.metadata" -}}
{{- $root := .root -}}
{{- $own := dict
  "app.kubernetes.io/name" "turnpike"
  "app.kubernetes.io/component" "controller"
  "app.kubernetes.io/instance" $root.Release.Name
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "app.kubernetes.io/managed-by" $root.Release.Service
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
labels:
  {{- merge $own (.labels | default dict) $root.Values.commonLabels | toYaml | nindent 2 }}
{{- with merge (dict) (.annotations | default dict) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* An image by its digest, else by its tag: (dict "root" $ "image" .Values.controller.image). */}}
{{- define "turnpike.image" -}}
{{- $tag := .image.tag | default (ternary "" .root.Chart.AppVersion (ne .image.digest "")) -}}
{{ .image.repository }}{{ with $tag }}:{{ . }}{{ end }}{{ with .image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* The namespaces of watchNamespaces and the release's own, as JSON; empty for all. */}}
{{- define "turnpike.namespaces" -}}
{{- if .Values.watchNamespaces -}}
{{- concat .Values.watchNamespaces (list .Release.Namespace) | uniq | sortAlpha | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end }}
