"""Step Functions: moto's, with executions that can be stopped, redriven and have children."""
