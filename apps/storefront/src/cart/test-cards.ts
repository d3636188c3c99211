/** The payment provider's test tokens, as cards, with what each will do (contracts/payment-provider). */
export const testCards = [
  { token: 'tok_ok', name: 'Good card', effect: 'The bank approves.' },
  { token: 'tok_declined', name: 'Blocked card', effect: 'The bank declines; your goods go back.' },
  {
    token: 'tok_insufficient_funds',
    name: 'Empty card',
    effect: 'The bank declines for lack of funds.',
  },
  { token: 'tok_slow', name: 'Slow card', effect: 'The bank approves after 3 seconds.' },
  { token: 'tok_flaky', name: 'Flaky card', effect: 'The bank fails twice, then approves.' },
  {
    token: 'tok_timeout',
    name: 'Silent card',
    effect: 'The bank never answers; the order ends at its deadline.',
  },
] as const;
