import { filterTokens, unsoundQuery } from './filter-tokens.js';
import type { FilterToken } from './filter-tokens.js';
import { attributeOf, valueOf, wordsOf } from './filter-values.js';
import type { AttributeKind, AttributeKinds } from './filter-values.js';
import type { ComparisonOperator, Filter, FilterValue, VisibilityAttribute } from './filter.js';

/** A filter as its text says it. */
export interface VisibilityQuery {
  /** Undefined when all executions are meant. */
  readonly filter: Filter | undefined;
  /** By what a count is to be taken apart. */
  readonly groupBy: 'ExecutionStatus' | undefined;
}

/** Parentheses and NOTs inside one another. */
const MAX_DEPTH = 50;
const OPERATORS: Readonly<Record<string, ComparisonOperator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/**
 * Reads a list filter: comparisons of attributes by `= != < <= > >=`, `IN (...)`, `BETWEEN ... AND ...`,
 * `STARTS_WITH`, `IS NULL` and their `NOT`s, put together with AND, OR, NOT and parentheses; behind it, `GROUP BY
 * ExecutionStatus`. An empty text means all executions.
 *
 * @throws InvalidArgumentError whose field is `query` and whose reason ends with the position
 */
export function parseFilter(query: string, kinds: AttributeKinds): VisibilityQuery {
  return new FilterParser(filterTokens(query), kinds).parse();
}

/** Reads token after token; each method reads what it is named after. */
class FilterParser {
  private next = 0;
  private depth = 0;

  constructor(
    private readonly tokens: readonly FilterToken[],
    private readonly kinds: AttributeKinds,
  ) {}

  parse(): VisibilityQuery {
    const starts = this.isKeyword('GROUP') || this.isKeyword('ORDER') || this.token.kind === 'end';
    const filter = starts ? undefined : this.disjunction();
    const groupBy = this.grouping();
    if (this.isKeyword('ORDER')) {
      throw this.fault('ORDER BY is not supported: running ones come by start, closed ones by close time');
    }
    if (this.token.kind !== 'end') throw this.fault(`expected AND, OR or the end, found ${this.shown()}`);
    return { filter, groupBy };
  }

  private grouping(): 'ExecutionStatus' | undefined {
    if (!this.takeKeyword('GROUP')) return undefined;
    if (!this.takeKeyword('BY')) throw this.fault(`expected BY, found ${this.shown()}`);
    if (this.token.kind !== 'word' || this.token.text !== 'ExecutionStatus') {
      throw this.fault('GROUP BY is supported for ExecutionStatus only');
    }
    this.next++;
    return 'ExecutionStatus';
  }

  private disjunction(): Filter {
    return this.chain('OR', 'or', () => this.chain('AND', 'and', () => this.negation()));
  }

  /** One or more operands with the same keyword between them. */
  private chain(keyword: string, kind: 'and' | 'or', operand: () => Filter): Filter {
    const operands = [operand()];
    while (this.takeKeyword(keyword)) operands.push(operand());
    return operands.length === 1 ? (operands[0] as Filter) : { kind, operands };
  }

  private negation(): Filter {
    if (!this.takeKeyword('NOT')) return this.primary();
    return { kind: 'not', operand: this.nested(() => this.negation()) };
  }

  private primary(): Filter {
    if (!this.takeSymbol('(')) return this.condition();
    const inner = this.nested(() => this.disjunction());
    this.expectSymbol(')');
    return inner;
  }

  private nested(read: () => Filter): Filter {
    if (++this.depth > MAX_DEPTH) throw this.fault(`more than ${MAX_DEPTH} conditions inside one another`);
    const filter = read();
    this.depth--;
    return filter;
  }

  private condition(): Filter {
    if (this.token.kind !== 'word') throw this.fault(`expected an attribute, found ${this.shown()}`);
    const attribute = attributeOf(this.take(), this.kinds);
    if (this.takeKeyword('IS')) return this.nullness(attribute);
    const negated = this.takeKeyword('NOT');
    const filter = this.comparison(attribute, negated);
    return negated ? { kind: 'not', operand: filter } : filter;
  }

  private nullness(attribute: VisibilityAttribute): Filter {
    const negated = this.takeKeyword('NOT');
    if (!this.takeKeyword('NULL')) throw this.fault(`expected NULL, found ${this.shown()}`);
    const filter: Filter = { kind: 'isNull', attribute };
    return negated ? { kind: 'not', operand: filter } : filter;
  }

  /** @param negated whether it stands behind a NOT, where no symbol may stand */
  private comparison(attribute: VisibilityAttribute, negated: boolean): Filter {
    if (this.takeKeyword('IN')) return this.membership(attribute);
    if (this.isKeyword('BETWEEN')) return this.range(attribute);
    if (this.isKeyword('STARTS_WITH')) return this.prefix(attribute);
    const operator = this.token.kind === 'symbol' && !negated ? OPERATORS[this.token.text] : undefined;
    if (!operator) {
      const expected = negated ? 'IN, BETWEEN or STARTS_WITH' : 'a comparison such as =';
      throw this.fault(`expected ${expected}, found ${this.shown()}`);
    }
    if (operator !== '=' && operator !== '!=') this.refuseOrder(attribute);
    this.next++;
    if (this.kindOf(attribute) === 'words') return this.wordComparison(attribute, operator);
    return { kind: 'comparison', attribute, operator, value: this.value(attribute) };
  }

  /** A text equals what it has a word in common with. */
  private wordComparison(attribute: VisibilityAttribute, operator: ComparisonOperator): Filter {
    const values = wordsOf(String(this.value(attribute)));
    const common: Filter = { kind: 'in', attribute, values };
    return operator === '=' ? common : { kind: 'not', operand: common };
  }

  private membership(attribute: VisibilityAttribute): Filter {
    if (this.kindOf(attribute) === 'words')
      throw this.fault(`${attribute} is a Text: only = and != compare it`);
    this.expectSymbol('(');
    const values = [this.value(attribute)];
    while (this.takeSymbol(',')) values.push(this.value(attribute));
    this.expectSymbol(')');
    return { kind: 'in', attribute, values };
  }

  private range(attribute: VisibilityAttribute): Filter {
    this.refuseOrder(attribute);
    this.next++;
    const from = this.value(attribute);
    if (!this.takeKeyword('AND')) throw this.fault(`expected AND, found ${this.shown()}`);
    const to = this.value(attribute);
    return {
      kind: 'and',
      operands: [
        { kind: 'comparison', attribute, operator: '>=', value: from },
        { kind: 'comparison', attribute, operator: '<=', value: to },
      ],
    };
  }

  private prefix(attribute: VisibilityAttribute): Filter {
    if (this.kindOf(attribute) !== 'text') throw this.fault(`${attribute} is not text`);
    this.next++;
    return { kind: 'comparison', attribute, operator: 'STARTS_WITH', value: this.value(attribute) };
  }

  private refuseOrder(attribute: VisibilityAttribute): void {
    if (['status', 'list', 'words', 'bool'].includes(this.kindOf(attribute))) {
      throw this.fault(`${attribute} has no order`);
    }
  }

  private kindOf(attribute: VisibilityAttribute): AttributeKind {
    return this.kinds[attribute] as AttributeKind;
  }

  private value(attribute: VisibilityAttribute): FilterValue {
    return valueOf(attribute, this.kindOf(attribute), this.take());
  }

  private get token(): FilterToken {
    return this.tokens[this.next] as FilterToken;
  }

  /** The next token; the end is never passed. */
  private take(): FilterToken {
    const { token } = this;
    if (token.kind !== 'end') this.next++;
    return token;
  }

  private isKeyword(keyword: string): boolean {
    return this.token.kind === 'word' && this.token.text.toUpperCase() === keyword;
  }

  private takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.next++;
    return true;
  }

  private takeSymbol(symbol: string): boolean {
    if (this.token.kind !== 'symbol' || this.token.text !== symbol) return false;
    this.next++;
    return true;
  }

  private expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.fault(`expected "${symbol}", found ${this.shown()}`);
  }

  private shown(): string {
    return this.token.kind === 'end' ? 'the end' : JSON.stringify(this.token.text.slice(0, 50));
  }

  private fault(reason: string): Error {
    return unsoundQuery(reason, this.token.position);
  }
}
