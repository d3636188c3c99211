import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { Card } from '../api/reads.ts';
import { Price } from '../design/price.tsx';
import { Drawing } from './drawing.tsx';
import { Stock } from './stock.tsx';

/** Loads the stock when the card comes into view. */
export function ProductCard({ card, isStale }: { card: Card; isStale: boolean }) {
  const item = useRef<HTMLLIElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && setSeen(true));
    observer.observe(item.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <li ref={item} className="card">
      <Link href={`/shop/products/${card.id}`}>
        <Drawing {...card} />
        <h2>{card.name}</h2>
      </Link>
      <p className="figures">
        <Price of={card.price} />
        {isSeen && !isStale && <Stock productId={card.id} />}
      </p>
    </li>
  );
}
