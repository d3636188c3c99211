import { drawings } from './drawings.ts';
import { familyOf, tintOf } from './families.ts';

/** The line drawing of a product: outline in ink, details in the product's tint. */
export function Drawing({ id, name, category }: { id: string; name: string; category: string }) {
  const [ink, tint] = drawings[familyOf(name, category)];
  return (
    <svg className={`drawing ${tintOf(id)}`} viewBox="0 0 96 72" aria-hidden="true">
      <path className="wash" d={ink} />
      <path className="tint" d={tint} />
      <path className="ink" d={ink} />
    </svg>
  );
}
