"""Dead-letter queues of what could not be delivered."""

from batchrec.localaws import runtime
from batchrec.localaws.authorization.session import Session


def send(queue_arn: str, body: str, why: dict[str, str], who: str | Session | None = None) -> None:
    """Put what could not be delivered into an SQS queue.

    Args:
        queue_arn: the queue.
        body: of the message.
        why: its attributes, all of them strings.
        who: the account or the role that sends it; by default the queue's account.

    Raises:
        ClientError: it can't be sent.
    """
    region, account, name = queue_arn.split(":")[3:6]
    sqs = runtime.current().client("sqs", region, who or account)
    sqs.send_message(
        QueueUrl=f"{sqs.meta.endpoint_url}/{account}/{name}",
        MessageBody=body,
        MessageAttributes={
            key: {"DataType": "String", "StringValue": value} for key, value in why.items()
        },
    )
