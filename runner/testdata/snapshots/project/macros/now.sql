{% macro snapshot_get_time() %}timestamp '{{ var('now') }}'{% endmacro %}

{% macro snapshot_own_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
{% set usual = snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
{% do usual.update({'row_changed': '(' ~ snapshotted_rel ~ '.v < ' ~ current_rel ~ '.v)'}) %}
{% do return(usual) %}
{% endmacro %}
