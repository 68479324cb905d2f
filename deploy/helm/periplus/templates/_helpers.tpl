{{/* The name of everything of this release: that of the release, which says what it is. */}}
{{- define "periplus.name" -}}
{{- if contains "periplus" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-periplus" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "periplus.credentials" -}}
{{- .Values.credentials.secretName | default (printf "%s-credentials" (include "periplus.name" .)) -}}
{{- end -}}

{{- define "periplus.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of a part: (list . "agent"). */}}
{{- define "periplus.selector" -}}
app.kubernetes.io/name: periplus
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "periplus.labels" -}}
{{ include "periplus.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
{{- end -}}

{{/* Where agents send to. */}}
{{- define "periplus.to" -}}
{{- .Values.agent.to | default (printf "https://%s-edge.%s.svc:%v" (include "periplus.name" .) .Release.Namespace .Values.edge.service.port) -}}
{{- end -}}

{{/* The edge's configuration file. */}}
{{- define "periplus.config" -}}
{{- $deny := list -}}
{{- if not .Values.edge.secrets -}}
{{- $deny = append $deny "secrets" -}}
{{- end -}}
{{- $custom := list -}}
{{- range $one := .Values.edge.customResources -}}
{{- range $resource := $one.resources -}}
{{- $custom = append $custom (printf "%s.%s" $resource $one.group) -}}
{{- end -}}
{{- end -}}
{{- $cluster := dict "name" .Values.clusterName "service_account" true "kinds" (dict "deny" $deny) "custom_resources" $custom -}}
{{- if .Values.edge.leaveOutTargets -}}
{{- $_ := set $cluster "targets" (dict "leave_out" .Values.edge.leaveOutTargets) -}}
{{- end -}}
{{- $config := deepCopy .Values.edge.config -}}
{{- $own := get $config "periplus" | default dict -}}
{{- $clusters := prepend (get $own "clusters" | default list) $cluster -}}
{{- $_ := set $own "clusters" $clusters -}}
{{- $_ := set $config "periplus" $own -}}
{{- toYaml $config -}}
{{- end -}}
