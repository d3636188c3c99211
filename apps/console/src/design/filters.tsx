import { useSearchParams } from 'wouter';

/** A filter that lives in the page's address. */
export function useFilter(name: string): readonly [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const set = (value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  return [params.get(name) ?? '', set];
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly values: readonly string[];
  /** Text of the choice without a filter. */
  readonly all: string;
}

export function Choice({ label, name, values, all }: ChoiceProps) {
  const [value, set] = useFilter(name);
  return (
    <label>
      {label}{' '}
      <select value={value} onChange={({ target }) => set(target.value)}>
        <option value="">{all}</option>
        {values.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}

export function Search({ label, name, hint }: { label: string; name: string; hint: string }) {
  const [value, set] = useFilter(name);
  return (
    <label>
      {label}{' '}
      <input
        type="search"
        value={value}
        placeholder={hint}
        onChange={({ target }) => set(target.value)}
      />
    </label>
  );
}
