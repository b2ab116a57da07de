// The operations of a page that shows a credit note with its refunds: relay-compiler reads them here.
const { graphql } = require('react-relay');

graphql`
  query noteQuery($id: ID!) {
    creditNote(id: $id) {
      ...note_refunds
    }
  }
`;

graphql`
  fragment note_refunds on CreditNote
  @refetchable(queryName: "noteRefundsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 2 }, cursor: { type: "String" }) {
    remaining
    refundability {
      maxAmount
    }
    refunds(first: $count, after: $cursor, orderBy: ID_DESC) @connection(key: "note_refunds") {
      __id
      edges {
        node {
          amount
        }
      }
    }
  }
`;

graphql`
  mutation noteRefundMutation($input: RefundCreditNoteInput!, $key: String, $connections: [ID!]!) {
    refundCreditNote(input: $input, idempotencyKey: $key) @prependNode(connections: $connections, edgeTypeName: "RefundEdge") {
      amount
      creditNote {
        remaining
        refundability {
          maxAmount
        }
      }
    }
  }
`;

// An account, a branch and a customer may have the same id: the store tells them apart by nodeId.
graphql`
  query noteNumbersQuery {
    account(id: 1) {
      id
      name
    }
    branch(id: 1) {
      id
      name
    }
    customer(id: 1) {
      id
      displayName
    }
  }
`;
