/** Settings that keep values out of the server's log; only a superuser can change them. */
export const privateLogSettings = [
  ['log_error_verbosity', 'terse'],
  ['log_min_error_statement', 'panic'],
  ['log_parameter_max_length', '0'],
  ['log_parameter_max_length_on_error', '0'],
] as const;
