{{- define "octosync.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* At most 40 characters: names of parts are appended, and a Service's name has 63. */}}
{{- define "octosync.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains (include "octosync.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "octosync.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "octosync.selector" -}}
app.kubernetes.io/name: {{ include "octosync.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* (context, component, workers): `workers` is the name of a set of them. */}}
{{- define "octosync.labels" -}}
{{- with .context }}
{{- include "octosync.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- with .workers }}
octosync/workers: {{ . }}
{{- end }}
{{- end }}

{{/* Of pods: what does not change with every release, so that an upgrade replaces only the pods that it changes. */}}
{{- define "octosync.podLabels" -}}
{{- include "octosync.selector" .context }}
app.kubernetes.io/component: {{ .component }}
{{- with .workers }}
octosync/workers: {{ . }}
{{- end }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "octosync.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "octosync.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "octosync.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "octosync.configMap" -}}
{{- .Values.existingConfigMap | default (printf "%s-routes" (include "octosync.fullname" .)) }}
{{- end }}

{{- define "octosync.secret" -}}
{{- .Values.secrets.existingSecret | default (printf "%s-secrets" (include "octosync.fullname" .)) }}
{{- end }}

{{/* What the values' schema cannot say. */}}
{{- define "octosync.check" -}}
{{- if not (or .Values.routes .Values.existingConfigMap) }}
{{- fail "octosync: set `routes` (the routes file, as text: --set-file routes=octosync.yaml) or `existingConfigMap`" }}
{{- end }}
{{- if and .Values.routes .Values.existingConfigMap }}
{{- fail "octosync: `routes` and `existingConfigMap` are both set; one of them is the routes file" }}
{{- end }}
{{- if and .Values.routes (hasKey (fromYaml .Values.routes) "Error") }}
{{- fail (printf "octosync: `routes` is no YAML: %s" (get (fromYaml .Values.routes) "Error")) }}
{{- end }}
{{- if not (or .Values.secrets.existingSecret .Values.secrets.externalSecret.enabled) }}
{{- fail "octosync: set `secrets.existingSecret` to a Secret with octosync_redis_url and what the routes file names, or enable `secrets.externalSecret`" }}
{{- end }}
{{- if and .Values.secrets.existingSecret .Values.secrets.externalSecret.enabled }}
{{- fail "octosync: `secrets.existingSecret` and `secrets.externalSecret` are both set; one of them is where the secrets are" }}
{{- end }}
{{- if and .Values.existingConfigMap (not .Values.receiver.secretKeys) }}
{{- fail "octosync: with `existingConfigMap`, name the keys of the webhook secrets in `receiver.secretKeys`" }}
{{- end }}
{{- range $name, $worker := .Values.workers }}
{{- if $worker }}
{{- with $worker.autoscaling }}
{{- if and (eq .kind "keda") $.Values.redis.bundled.enabled (not .keda.authenticationRef) }}
{{- fail (printf "octosync: workers.%s.autoscaling.keda.authenticationRef: name a TriggerAuthentication with `password`; the bundled Redis has one, and KEDA reads no URL" $name) }}
{{- end }}
{{- if and (eq .kind "hpa") (hasKey . "minReplicas") (lt (int .minReplicas) 1) }}
{{- fail (printf "octosync: workers.%s.autoscaling.minReplicas: 1 at least; only KEDA scales to none" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $served := list }}
{{- range $name, $worker := .Values.workers }}
{{- if $worker }}{{- $served = concat $served $worker.queues }}{{- end }}
{{- end }}
{{- range list "events" "bulk" "control" }}
{{- if not (has . $served) }}{{ fail (printf "octosync: no set of workers takes the queue %q; what is in it would wait for ever" .) }}{{ end }}
{{- end }}
{{- end }}

{{/* Not empty where KEDA scales some workers. */}}
{{- define "octosync.scaledByKeda" -}}
{{- range $name, $worker := .Values.workers }}
{{- if and $worker (eq $worker.autoscaling.kind "keda") }}{{ $name }}{{ end }}
{{- end }}
{{- end }}

{{/* Keys of the Secret that the receiver sees: JSON list. */}}
{{- define "octosync.receiverKeys" -}}
{{- $keys := .Values.receiver.secretKeys }}
{{- if and (not $keys) .Values.routes }}
{{- range (fromYaml .Values.routes).instances }}
{{- range .webhook_secrets }}
{{- if and .file (hasPrefix "/run/secrets/" .file) }}{{ $keys = append $keys (trimPrefix "/run/secrets/" .file) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- prepend $keys "octosync_redis_url" | uniq | toJson }}
{{- end }}

{{/* Ports of the instances: JSON list of numbers. */}}
{{- define "octosync.instancePorts" -}}
{{- $ports := .Values.networkPolicy.instances.ports }}
{{- if and (not $ports) .Values.routes }}
{{- range (fromYaml .Values.routes).instances }}
{{- $url := urlParse .url }}
{{- if contains ":" (regexReplaceAll "^\\[.*\\]" $url.host "") }}
{{- $ports = append $ports (regexFind "[0-9]+$" $url.host | int) }}
{{- else }}
{{- $ports = append $ports (ternary 80 443 (eq $url.scheme "http")) }}
{{- end }}
{{- end }}
{{- end }}
{{- $ports | default (list 443) | uniq | sortAlpha | toJson }}
{{- end }}

{{- define "octosync.environment" -}}
- name: OCTOSYNC_ROUTES
  value: /etc/octosync/octosync.yaml
- name: OCTOSYNC_SECRETS_DIR
  value: /run/secrets
{{- range $name, $value := .Values.settings }}
- name: OCTOSYNC_{{ upper $name }}
  value: {{ $value | toString | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "octosync.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "octosync.podSecurity" -}}
runAsNonRoot: true
{{- range $name, $value := .Values.securityContext }}
{{- if not (kindIs "invalid" $value) }}
{{ $name }}: {{ int $value }}
{{- end }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "octosync.mounts" -}}
- { name: tmp, mountPath: /tmp }
- { name: routes, mountPath: /etc/octosync, readOnly: true }
- { name: secrets, mountPath: /run/secrets, readOnly: true }
{{- if .Values.redis.external.caSecret }}
- { name: redis-ca, mountPath: /etc/redis-ca, readOnly: true }
{{- end }}
{{- end }}

{{/* (context, keys): without keys, the whole Secret. */}}
{{- define "octosync.volumes" -}}
- name: tmp
  emptyDir: { sizeLimit: 64Mi }
- name: routes
  configMap: { name: {{ include "octosync.configMap" .context }} }
- name: secrets
{{- if .keys }}
  projected:
    defaultMode: 0440
    sources:
      - secret:
          name: {{ include "octosync.secret" .context }}
          items:
            {{- range .keys }}
            - { key: {{ . | quote }}, path: {{ . | quote }} }
            {{- end }}
      - secret:
          name: {{ include "octosync.secret" .context }}
          optional: true
          items:
            - { key: octosync_sentry_dsn, path: octosync_sentry_dsn }
            - { key: octosync_status_token, path: octosync_status_token }
{{- else }}
  secret:
    secretName: {{ include "octosync.secret" .context }}
    defaultMode: 0440
{{- end }}
{{- with .context.Values.redis.external }}
{{- if .caSecret }}
- name: redis-ca
  secret:
    secretName: {{ .caSecret }}
    items:
      - { key: {{ .caKey | quote }}, path: ca.crt }
{{- end }}
{{- end }}
{{- end }}

{{/* What the pods of all processes have alike: (context, component, values, keys). */}}
{{- define "octosync.pod" -}}
metadata:
  labels:
    {{- include "octosync.podLabels" . | nindent 4 }}
  annotations:
    {{- if .context.Values.routes }}
    checksum/config: {{ .context.Values.routes | sha256sum }}
    {{- end }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "octosync.serviceAccount" .context }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- include "octosync.podSecurity" .context | nindent 4 }}
  {{- with .context.Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  volumes:
    {{- include "octosync.volumes" . | nindent 4 }}
{{- end }}

{{/* What their containers have alike: (context, values). */}}
{{- define "octosync.container" -}}
image: {{ include "octosync.image" .context }}
imagePullPolicy: {{ .context.Values.image.pullPolicy }}
securityContext:
  {{- include "octosync.containerSecurity" .context | nindent 2 }}
resources:
  {{- toYaml .values.resources | nindent 2 }}
volumeMounts:
  {{- include "octosync.mounts" .context | nindent 2 }}
{{- end }}
