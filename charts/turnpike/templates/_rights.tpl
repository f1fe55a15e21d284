{{/* The rules of one scope of rights.yaml, their reasons as comments. */}}
{{- define "turnpike.rules" -}}
{{- range . }}
# {{ .reason }}
- {{ omit . "reason" | toYaml | nindent 2 | trim }}
{{- end }}
{{- end }}

{{/* A role and its binding: (dict "root" $ "name" ... "namespace" "" for the cluster "rules" ...). */}}
{{- define "turnpike.role" -}}
{{- $kind := ternary "Role" "ClusterRole" (ne .namespace "") }}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  {{- include "turnpike.metadata" (dict "root" .root) | nindent 2 }}
rules:
  {{- include "turnpike.rules" .rules | trim | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  {{- include "turnpike.metadata" (dict "root" .root) | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "turnpike.name" .root }}
    namespace: {{ .root.Release.Namespace | quote }}
{{- end }}
