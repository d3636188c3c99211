import type { Money } from '@fieldguide/contracts/money';

export const money = ({ amountMinor, currency }: Money) =>
  new Intl.NumberFormat('en-IE', { style: 'currency', currency }).format(amountMinor / 100);

export const Price = ({ of }: { of: Money }) => <span className="price">{money(of)}</span>;
